// How long a datagram is on its way from node to node wherever the headline is measured: a data
// centre's network.
#pragma once

#include "base/time.h"

namespace sim::headline {

inline constexpr base::Duration latency_min = std::chrono::microseconds(200);
inline constexpr base::Duration latency_max = std::chrono::milliseconds(2);

}  // namespace sim::headline
