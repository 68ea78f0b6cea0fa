// How long to wait before another attempt (Brooker, "Exponential Backoff And Jitter", AWS 2015):
// base * 2^(retry - 1), at most max, of which full jitter takes a random part and equal jitter a
// random part of the second half. Callers that failed together thus do not come back together.
#pragma once

#include "base/rng.h"
#include "base/time.h"
#include "mesh/policy.h"

#include <cstdint>

namespace mesh::resilience {

// `retry` is 1 for the first one, and may be any number after it. A constant backoff is not bounded
// by `max`, which is about growth.
[[nodiscard]] base::Duration backoff_before(const Backoff& policy, std::uint32_t retry,
                                            base::Rng& rng);

}  // namespace mesh::resilience
