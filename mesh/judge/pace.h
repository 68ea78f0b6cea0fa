// How long an agent asks its callers to wait: Retry-After (RFC 9110, 10.2.3) and the headers by
// which APIs tell when their rate limits are reset.
#pragma once

#include "base/time.h"
#include "mesh/call.h"

#include <chrono>
#include <optional>

namespace mesh::judge {

// Nobody waits longer than this, whatever an agent says.
inline constexpr base::Duration retry_after_max = std::chrono::minutes(10);

// Nothing unless the answer is a 429 or 503 or says that nothing remains of a limit; never zero. A
// point on the calendar is compared with the answer's own Date, for no clock is read here, and is
// ignored without one. An explicit Retry-After outranks the resets; of several limits that are used
// up the longest counts.
[[nodiscard]] std::optional<base::Duration> retry_after(const AnswerHead& head);

}  // namespace mesh::judge
