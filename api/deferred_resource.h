// Calls that nobody could take and that are kept for a later delivery (defer: in the policies).
#pragma once

#include "api/http.h"
#include "api/view.h"
#include "base/time.h"

#include <string>
#include <string_view>

namespace api {

// What a call is answered with that is kept: 202, and where its fate is to be seen.
[[nodiscard]] Response deferred(std::string_view id, base::Duration left);

[[nodiscard]] Response get_deferred(const View& view);
[[nodiscard]] Response get_deferred(const View& view, const std::string& id);
// The agent's answer, which the shell has on disk, or why there is none.
[[nodiscard]] Response get_deferred_answer(const View& view, const std::string& id);
[[nodiscard]] Response delete_deferred(const View& view, const std::string& id);

}  // namespace api
