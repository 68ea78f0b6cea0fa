// Makes a scenario from a seed. Swarm testing (Groce et al., ISSTA 2012): each run draws which
// kinds of faults exist in it at all, because two kinds that are always on hide each other's bugs.
#pragma once

#include "sim/scenario.h"

#include <cstdint>

namespace sim {

// `nodes` 0 lets the seed choose. The same three arguments always make the same scenario.
[[nodiscard]] Scenario make_scenario(Profile profile, std::uint32_t nodes, std::uint64_t seed);

}  // namespace sim
