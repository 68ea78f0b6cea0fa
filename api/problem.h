// Errors as application/problem+json (RFC 9457): type urn:parley:error:<code>, title, status,
// detail, and the header Parley-Error with the code alone, so that a caller can tell an error of
// the mesh from an answer of the agent without reading a body.
#pragma once

#include "api/http.h"
#include "mesh/call.h"

#include <string>
#include <string_view>
#include <vector>

namespace api {

// For what the data plane refuses: Retry-After in whole seconds, `path` for a cycle.
[[nodiscard]] Response problem(const mesh::Problem& problem);

// For what the API itself refuses. `code` is snake_case; the detail says what, where, what to do.
[[nodiscard]] Response problem(int status, std::string_view code, std::string_view detail);

}  // namespace api
