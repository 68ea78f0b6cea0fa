#include "cli/call_request.h"

#include "base/strings.h"
#include "cli/api_client.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>

namespace cli {
namespace {

base::Result<std::string, std::string> read_data(const std::string& data) {
  if (data == "-") {
    return std::string(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
  }
  if (!data.starts_with('@')) return data;
  const std::string name = data.substr(1);
  std::ifstream file(name, std::ios::binary);
  if (!file) {
    return base::Unexpected{"cannot read " + name + ": " + base::to_lower(std::strerror(errno)) +
                            "; --data @FILE names a file, --data TEXT is sent as it is"};
  }
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

// No control character may end a header or the request's head early.
bool is_clean(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  });
}

bool has_header(const HttpRequest& request, std::string_view name) {
  return std::any_of(request.headers.begin(), request.headers.end(), [&](const auto& header) {
    return base::equals_ignoring_case(header.first, name);
  });
}

}  // namespace

base::Result<HttpRequest, std::string> make_call_request(const CallOptions& options) {
  HttpRequest request;
  request.method = options.method;
  if (request.method.empty()) request.method = options.data ? "POST" : "GET";
  request.target = "/call/" + percent_encoded(options.capability);
  if (!options.path.empty()) {
    const bool joined = options.path.front() == '/' || options.path.front() == '?';
    request.target += (joined ? "" : "/") + options.path;
  }
  if (!is_clean(request.target) || request.target.find(' ') != std::string::npos) {
    return base::Unexpected{std::string("--path holds a space or control character; write %20")};
  }
  for (const std::string& header : options.headers) {
    const auto colon = header.find(':');
    if (colon == std::string::npos || colon == 0 || !is_clean(header)) {
      return base::Unexpected{"--header \"" + header + "\" is not of the form 'Name: value'"};
    }
    request.headers.emplace_back(header.substr(0, colon),
                                 base::trim(std::string_view(header).substr(colon + 1)));
  }
  if (options.deadline && !has_header(request, "Parley-Deadline")) {
    request.headers.emplace_back("Parley-Deadline", base::format_duration(*options.deadline));
  }
  if (!options.data) return request;
  auto body = read_data(*options.data);
  if (!body) return base::Unexpected{body.error()};
  request.body = std::move(*body);
  if (!request.body.empty() && !has_header(request, "Content-Type")) {
    const bool json = nlohmann::json::accept(request.body);
    request.headers.emplace_back("Content-Type", json ? "application/json" : "text/plain");
  }
  return request;
}

}  // namespace cli
