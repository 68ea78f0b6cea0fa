// /v1/agent: the agent: block of the configuration, seen and changed while the node runs. PUT puts
// a whole block in place of the current one, PATCH merges into it (RFC 7396), DELETE takes the
// agent away. What is changed here holds until the next change, of the configuration file too.
#pragma once

#include "api/http.h"
#include "api/view.h"

namespace api {

[[nodiscard]] Response get_agent(const View& view);
[[nodiscard]] Response put_agent(const View& view, const Request& request);
[[nodiscard]] Response patch_agent(const View& view, const Request& request);
[[nodiscard]] Response delete_agent(const View& view);

}  // namespace api
