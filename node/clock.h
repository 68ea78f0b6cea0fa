// The daemon's two clocks.
#pragma once

#include "base/time.h"
#include "transport/steady_clock.h"

namespace node {

using transport::steady_now;
[[nodiscard]] base::WallTime wall_now();

}  // namespace node
