// What calls showed of agents, and what their callers say of them: GET /v1/breakers and
// POST /v1/feedback.
#pragma once

#include "api/http.h"
#include "api/view.h"

#include <cstddef>

namespace api {

inline constexpr std::size_t feedback_bytes_max = 4'096;

// The breakers that are not closed.
[[nodiscard]] Response get_breakers(const View& view);
// {"call": PARLEY_CALL, "quality": 0..1}: 202, or 404 if this node did not make that call lately.
[[nodiscard]] Response post_feedback(const View& view, const Request& request);

}  // namespace api
