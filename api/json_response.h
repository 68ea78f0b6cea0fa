// An answer of JSON. It tells of this moment, so nobody on the way may keep it.
#pragma once

#include "api/http.h"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace api {

// Text that is not UTF-8 is replaced, not refused: it may be an agent's.
[[nodiscard]] std::string json_dump(const nlohmann::ordered_json& value);
[[nodiscard]] Response json_response(const nlohmann::ordered_json& body, int status = 200);
// `body` is JSON already.
[[nodiscard]] Response json_text(std::string body);

}  // namespace api
