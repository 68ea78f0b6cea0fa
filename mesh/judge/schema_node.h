// One schema of a compiled JSON Schema; other schemas in it are indexes into the same table.
#pragma once

#include "mesh/judge/regex.h"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mesh::judge {

using SchemaIndex = std::uint32_t;
using TypeSet = std::uint8_t;  // a bit for each type

inline constexpr TypeSet type_null = 1;
inline constexpr TypeSet type_boolean = 2;
inline constexpr TypeSet type_integer = 4;  // also 3.0
inline constexpr TypeSet type_number = 8;
inline constexpr TypeSet type_string = 16;
inline constexpr TypeSet type_array = 32;
inline constexpr TypeSet type_object = 64;
inline constexpr TypeSet type_any = 127;

struct SizeRange {
  std::size_t min = 0;
  std::size_t max = std::numeric_limits<std::size_t>::max();
  [[nodiscard]] bool holds(std::size_t size) const { return size >= min && size <= max; }
};

struct SchemaNode {
  bool never = false;  // the schema `false`
  TypeSet types = type_any;
  std::vector<nlohmann::json> allowed;  // `enum` and `const`; empty = all
  std::size_t allowed_work = 0;

  // Numbers; null = not set.
  nlohmann::json minimum;
  nlohmann::json maximum;
  nlohmann::json above;  // exclusive
  nlohmann::json below;
  nlohmann::json multiple_of;

  SizeRange length;  // of a string, in characters
  std::optional<Regex> pattern;

  SizeRange items;
  bool unique = false;
  std::vector<SchemaIndex> first_items;
  std::optional<SchemaIndex> other_items;
  std::optional<SchemaIndex> contains;
  SizeRange contained{.min = 1};

  SizeRange members;
  std::vector<std::string> required;
  std::map<std::string, SchemaIndex, std::less<>> properties;
  std::vector<std::pair<Regex, SchemaIndex>> pattern_properties;
  std::optional<SchemaIndex> other_properties;
  std::optional<SchemaIndex> names;
  std::map<std::string, std::vector<std::string>>
      required_with;  // by the member that asks for them
  std::map<std::string, SchemaIndex> schema_with;

  std::vector<SchemaIndex> all_of;  // also $ref
  std::vector<SchemaIndex> any_of;
  std::vector<SchemaIndex> one_of;
  std::optional<SchemaIndex> none_of;  // `not`
  std::optional<SchemaIndex> condition;
  std::optional<SchemaIndex> then;
  std::optional<SchemaIndex> otherwise;
};

}  // namespace mesh::judge
