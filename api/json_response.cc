#include "api/json_response.h"

#include <nlohmann/json.hpp>

#include <utility>

namespace api {

std::string json_dump(const nlohmann::ordered_json& value) {
  return value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

Response json_response(const nlohmann::ordered_json& body, int status) {
  Response response = json_text(json_dump(body));
  response.status = status;
  return response;
}

Response json_text(std::string body) {
  Response response;
  response.headers.push_back({"cache-control", "no-store"});
  response.body = std::move(body);
  return response;
}

}  // namespace api
