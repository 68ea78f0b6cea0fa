// A YAML or JSON document as a tree that remembers where each value stood, so that every later
// error can say file, line and key. Bounded: by size, depth and number of values; aliases are
// refused, for a few of them unfold into gigabytes. A key that comes twice is an error.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace node {

struct Setting {
  enum class Kind : std::uint8_t { null, scalar, list, map };

  Kind kind = Kind::null;
  int line = 0;     // from 1; 0 = unknown
  std::string key;  // in the map that it stands in; else empty
  std::string scalar;
  bool quoted = false;           // of a scalar: it is a text, even if it reads like a number
  std::vector<Setting> items;    // of a list
  std::vector<Setting> entries;  // of a map, in their order, each with its key

  static constexpr std::size_t depth_max = 32;
  static constexpr std::size_t values_max = 50'000;

  [[nodiscard]] const Setting* find(std::string_view name) const;
};

struct SettingError {
  int line = 0;
  std::string what;
};

[[nodiscard]] base::Result<Setting, SettingError> parse_yaml(const std::string& text);
[[nodiscard]] base::Result<Setting, SettingError> parse_json(std::string_view text);

}  // namespace node
