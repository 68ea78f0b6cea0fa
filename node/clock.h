// The daemon's two clocks; the only place where time is read.
#pragma once

#include "base/time.h"

namespace node {

[[nodiscard]] base::Instant monotonic_now();
[[nodiscard]] base::WallTime wall_now();

}  // namespace node
