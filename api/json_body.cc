#include "api/json_body.h"

#include <nlohmann/json.hpp>

namespace api {

bool is_shallow(std::string_view json) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
      continue;
    }
    if (c == '"') in_string = true;
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && depth > 0) --depth;
    if (depth > json_depth_max) return false;
  }
  return true;
}

nlohmann::ordered_json json_or_text(std::string_view written) {
  if (!is_shallow(written)) return written;
  auto value = nlohmann::ordered_json::parse(written, nullptr, false);
  if (value.is_discarded()) return written;
  return value;
}

}  // namespace api
