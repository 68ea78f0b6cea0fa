#include "cli/api_client.h"

#include "cli/http_client.h"

#include <nlohmann/json.hpp>

#include <cctype>

namespace cli {
namespace {

base::Result<Json, std::string> ask(const std::string& api, const HttpRequest& request) {
  const auto answer = http_request(api, request);
  if (!answer) return base::Unexpected{unreachable(api, answer.error())};
  if (answer->head.status >= 400) {
    return base::Unexpected{"the node at " + api +
                            " refused: " + problem_sentence(answer->head.status, answer->body)};
  }
  if (answer->body.empty()) return Json();
  Json body = Json::parse(answer->body, nullptr, false);
  if (body.is_discarded()) {
    return base::Unexpected{"what answers at " + api + " is not a node's API; see --api"};
  }
  return body;
}

}  // namespace

base::Result<Json, std::string> get_json(const std::string& api, const std::string& target) {
  return ask(api, {.method = "GET", .target = target, .headers = {}, .body = {}});
}

base::Result<Json, std::string> post_json(const std::string& api, const std::string& target,
                                          const std::string& body) {
  HttpRequest request{.method = "POST", .target = target, .headers = {}, .body = body};
  if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  return ask(api, request);
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (std::isalnum(code) != 0 || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      out += {'%', digits[code >> 4U], digits[code & 15U]};
    }
  }
  return out;
}

std::string unreachable(const std::string& api, const std::string& error) {
  return "cannot reach a node's API at " + api + ": " + error +
         "; is `parley node` running there? --api or PARLEY_API says where to look";
}

std::string problem_sentence(int status, std::string_view body) {
  const Json problem = Json::parse(body, nullptr, false);
  const auto text = [&](const char* key) {
    const bool there = problem.is_object() && problem.contains(key) && problem[key].is_string();
    return there ? problem[key].get<std::string>() : std::string();
  };
  const std::string detail = text("detail");
  const std::string code = text("code");
  if (detail.empty()) return "HTTP " + std::to_string(status) + (code.empty() ? "" : " " + code);
  return detail + " (" + (code.empty() ? "HTTP " + std::to_string(status) : code) + ")";
}

}  // namespace cli
