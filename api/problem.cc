#include "api/problem.h"

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
              {"title", reason_phrase(status)},
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

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 508:
      return "Loop Detected";
    default:
      return "";
  }
}

}  // namespace api
