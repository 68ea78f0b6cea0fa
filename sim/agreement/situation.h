// What an input met, coarsely: the coverage of the search among schedules (sim/choices.h).
#pragma once

#include "consensus/replica.h"

#include <cstdint>

namespace sim::agreement {

// What arrived, how far it is from the receiver's view, and what that has voted there.
[[nodiscard]] std::uint32_t situation_of(const consensus::Replica& replica,
                                         const consensus::Message& message);

}  // namespace sim::agreement
