// B28: a scheduler that learns (sim/choices.h). The order in which messages arrive and what liars
// choose come from a string of bytes.
#pragma once

#include "sim/agreement/plan.h"
#include "sim/agreement/world.h"

#include <cstdint>
#include <vector>

namespace sim::agreement {

// Four members, one of whom lies in these ways, and no other fault than the order of things. Ends
// with the first violation.
[[nodiscard]] SearchReport fuzz(std::uint64_t seed, std::uint64_t runs,
                                const std::vector<Villainy>& ways,
                                consensus::Weakness weakness = consensus::Weakness::none);
// One of its runs.
[[nodiscard]] RunResult run_choices(ChoiceString choices, const std::vector<Villainy>& ways,
                                    consensus::Weakness weakness = consensus::Weakness::none);

}  // namespace sim::agreement
