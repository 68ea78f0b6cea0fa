// Results as a table for people, or as JSON or YAML for programs. A verb makes one JSON value and
// says which columns a table of it has; the three forms then hold the same.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace cli {

using Json = nlohmann::ordered_json;

enum class Format { table, json, yaml };

struct Column {
  std::string_view title;  // of the table
  std::string_view key;    // of the row; "load.in_flight" reaches into an object
  std::size_t cut_to = 0;  // characters that a table shows of it; 0 = all
};

// `rows` is an array of objects. JSON and YAML hold all of them whole, a table only its columns.
[[nodiscard]] std::string render_rows(const Json& rows, const std::vector<Column>& columns,
                                      Format format);
// One object: as a table, a line for each key.
[[nodiscard]] std::string render_object(const Json& object, Format format);

[[nodiscard]] std::string to_yaml(const Json& value);
// A value as one cell of a table: "-" for null and "", lists joined by commas.
[[nodiscard]] std::string cell(const Json& value);

}  // namespace cli
