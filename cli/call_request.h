// `parley call` as the HTTP request that it makes.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "cli/http_client.h"

#include <optional>
#include <string>
#include <vector>

namespace cli {

struct CallOptions {
  std::string api;
  std::string capability;
  std::optional<std::string> data;   // TEXT, @FILE or - (standard input)
  std::vector<std::string> headers;  // "K: V"
  std::optional<base::Duration> deadline;
  std::string path;    // below the capability, with its query
  std::string method;  // "" = POST with data, GET without
};

// Reads the file or standard input that `data` names; the error is one sentence.
[[nodiscard]] base::Result<HttpRequest, std::string> make_call_request(const CallOptions& options);

}  // namespace cli
