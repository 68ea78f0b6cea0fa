// The node's own HTTP resources: a pure function from what the node knows and one request to a
// response, with the inputs that the request gives to the kernel. /call/{capability} is not here:
// calls are the data plane's, but pass refuse_foreign() (hosts.h) first, as everything does.
#pragma once

#include "api/http.h"
#include "api/view.h"

#include <span>
#include <string_view>

namespace api {

[[nodiscard]] Response handle(const View& view, const Request& request);

// One resource that handle() knows; `path` may end in a parameter: "/v1/routes/{capability}".
struct Resource {
  std::string_view method;
  std::string_view path;
};
// All of them, for the description's test and the nearest-path hint.
[[nodiscard]] std::span<const Resource> resources();

// OpenAPI 3.1 of all resources and of /call/{capability}.
[[nodiscard]] std::string openapi(std::string_view version);

}  // namespace api
