#include "mesh/judge/bounded_json.h"

#include <nlohmann/json.hpp>

namespace mesh::judge {

bool is_nested_too_deeply(std::string_view json) {
  std::size_t depth = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_text) {
      if (c == '\\') ++i;
      if (c == '"') in_text = false;
    } else if (c == '"') {
      in_text = true;
    } else if (c == '{' || c == '[') {
      if (++depth > json_depth_max) return true;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return false;
}

nlohmann::json parse_bounded(std::string_view json) {
  if (json.size() > body_bytes_max || is_nested_too_deeply(json)) {
    return nlohmann::json(nlohmann::json::value_t::discarded);
  }
  return nlohmann::json::parse(json, nullptr, false);
}

}  // namespace mesh::judge
