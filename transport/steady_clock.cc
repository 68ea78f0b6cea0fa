#include "transport/steady_clock.h"

#include <chrono>

namespace transport {

base::Instant steady_now() {
  return base::Instant::from_nanoseconds(std::chrono::duration_cast<base::Duration>(
                                             std::chrono::steady_clock::now().time_since_epoch())
                                             .count());
}

}  // namespace transport
