// The loop's clock: what timers of Asio go by, as an Instant.
#pragma once

#include "base/time.h"

namespace transport {

[[nodiscard]] base::Instant steady_now();

}  // namespace transport
