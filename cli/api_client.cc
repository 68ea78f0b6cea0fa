#include "cli/api_client.h"

#include "cli/http_client.h"
#include "mesh/judge/bounded_json.h"

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
  Json body = json_in(answer->body);
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

Json json_in(std::string_view text) {
  if (mesh::judge::is_nested_too_deeply(text)) return Json::value_t::discarded;
  return Json::parse(text, nullptr, false);
}

base::Result<std::string, std::string> body_text(const Json& body) {
  try {
    return body.dump();
  } catch (const Json::type_error&) {
    return base::Unexpected{std::string("an argument is no text in UTF-8")};
  }
}

Json member_in(const Json& object, const std::string& name) {
  const auto found = object.find(name);
  return found == object.end() ? Json() : *found;
}

std::string text_in(const Json& object, const std::string& name) {
  const Json member = member_in(object, name);
  return member.is_string() ? member.get<std::string>() : std::string();
}

std::uint64_t number_in(const Json& object, const std::string& name) {
  const Json member = member_in(object, name);
  return member.is_number_unsigned() ? member.get<std::uint64_t>() : 0;
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
  const Json problem = json_in(body);
  const std::string detail = text_in(problem, "detail");
  const std::string code = text_in(problem, "code");
  if (detail.empty()) return "HTTP " + std::to_string(status) + (code.empty() ? "" : " " + code);
  return detail + " (" + (code.empty() ? "HTTP " + std::to_string(status) : code) + ")";
}

}  // namespace cli
