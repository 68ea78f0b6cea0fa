// One HTTP/1.1 request over one connection of its own, blocking: what a verb needs, and no more.
// The body of the answer goes to a sink as it comes, so that an endless one (SSE) can be shown.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "cli/response_parser.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cli {

struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";
  std::vector<std::pair<std::string, std::string>> headers;  // Host and Content-Length are added
  std::string body;
};

struct HttpAnswer {
  HttpHead head;
  std::string body;
};

struct HttpOptions {
  base::Duration connect_timeout = std::chrono::seconds(3);
  base::Duration idle_timeout = std::chrono::seconds(30);  // without a byte from the other side
};

// The error is a sentence without the address: "connection refused".
using HttpError = std::string;

// `address` is HOST:PORT or [V6]:PORT. Ends early, with an error, when interrupted() (console.h).
[[nodiscard]] base::Result<HttpHead, HttpError> http_stream(const std::string& address,
                                                            const HttpRequest& request,
                                                            ResponseParser::Sinks sinks,
                                                            const HttpOptions& options = {});
// The whole answer, at most 64 MiB of body.
[[nodiscard]] base::Result<HttpAnswer, HttpError> http_request(const std::string& address,
                                                               const HttpRequest& request,
                                                               const HttpOptions& options = {});

// Connects there and closes again: nothing, or why it could not be done.
[[nodiscard]] std::optional<HttpError> probe_connect(const std::string& address,
                                                     base::Duration timeout);

// "HOST:PORT" in two; nothing if there is no port in it.
[[nodiscard]] std::optional<std::pair<std::string, std::string>> split_address(
    std::string_view address);
// The request's head, with Host and the length of the body.
[[nodiscard]] std::string encode_head(const HttpRequest& request, std::string_view address,
                                      bool keep_alive);

}  // namespace cli
