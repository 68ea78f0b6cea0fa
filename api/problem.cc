#include "api/problem.h"

#include "base/reason_phrase.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace api {
namespace {

using Json = nlohmann::ordered_json;

Response to_response(int status, std::string_view code, const Json& body) {
  Response response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.headers.push_back({"parley-error", std::string(code)});
  response.body = body.dump(-1, ' ', false, Json::error_handler_t::replace);
  return response;
}

Json problem_body(int status, std::string_view code, std::string_view detail) {
  return Json{{"type", "urn:parley:error:" + std::string(code)},
              {"title", base::reason_phrase(status)},
              {"status", status},
              {"code", code},
              {"detail", detail}};
}

}  // namespace

Response problem(const mesh::Problem& problem) {
  const std::string_view code = mesh::to_string(problem.code);
  const int status = mesh::http_status(problem.code);
  Json body = problem_body(status, code, problem.detail);
  if (!problem.path.empty()) body["path"] = problem.path;
  Response response = to_response(status, code, body);
  if (problem.retry_after) {
    // Rounded up: a caller that waits as told must not come too early.
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*problem.retry_after).count();
    response.headers.push_back({"retry-after", std::to_string(std::max<std::int64_t>(seconds, 0))});
  }
  return response;
}

Response problem(int status, std::string_view code, std::string_view detail) {
  return to_response(status, code, problem_body(status, code, detail));
}

}  // namespace api
