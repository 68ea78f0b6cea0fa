// Who may talk to the API from a browser: nobody but a page of the node itself. A web page can make
// its visitor's browser send requests to 127.0.0.1, or point its own name there (DNS rebinding),
// but it cannot choose the Host and Origin that the browser then sends. So the Host must be an
// address or a name that is ours, and an Origin must be the same as the Host. Programs send no
// Origin and pass.
#pragma once

#include "api/http.h"
#include "api/view.h"

#include <optional>
#include <string_view>

namespace api {

// "127.0.0.1:7401", "localhost", "[::1]:7401", the configured address or one of the configured
// names; any address literal when the API listens on all addresses (a literal cannot be rebound).
[[nodiscard]] bool is_own_host(std::string_view authority, const Access& access);

// Nothing: the request may go on. Else the answer to give, 403. Call for every request on the API's
// port, calls of capabilities included.
[[nodiscard]] std::optional<Response> refuse_foreign(std::string_view authority,
                                                     const mesh::Headers& headers,
                                                     const Access& access);

}  // namespace api
