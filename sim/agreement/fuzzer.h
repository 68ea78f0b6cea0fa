// B28: a scheduler that learns. The order in which messages arrive and what liars choose come from
// a string of bytes; strings that bring replicas into situations that none before did are kept, and
// the next ones are made from them.
#pragma once

#include "sim/agreement/plan.h"
#include "sim/agreement/world.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sim::agreement {

struct FuzzReport {
  std::uint64_t runs = 0;
  std::size_t kept = 0;        // strings
  std::size_t situations = 0;  // that any run reached
  std::vector<Violation> violations;
  std::vector<std::uint8_t> failing;  // the string that led to them
};

// Four members, one of whom lies in these ways, and no other fault than the order of things. Ends
// with the first violation.
[[nodiscard]] FuzzReport fuzz(std::uint64_t seed, std::uint64_t runs,
                              const std::vector<Villainy>& ways,
                              consensus::Weakness weakness = consensus::Weakness::none);
// One of its runs.
[[nodiscard]] RunResult run_choices(std::vector<std::uint8_t> choices,
                                    const std::vector<Villainy>& ways,
                                    consensus::Weakness weakness = consensus::Weakness::none);

}  // namespace sim::agreement
