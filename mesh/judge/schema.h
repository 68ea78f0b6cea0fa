// A JSON Schema (draft 2020-12, and what drafts 4 to 7 wrote otherwise) made ready to hold bodies
// against. Both are written by strangers, so all work is counted: compiling is linear in the
// schema, and a validation that takes more than steps_max gives up and holds nothing against the
// value.
//
// Not read: $ref to other documents, $id and $anchor below the root, $dynamicRef, $recursiveRef,
// unevaluatedItems and unevaluatedProperties; compile() refuses them. `format` and the content
// keywords say what a value means and are no condition. Patterns are RE2's.
#pragma once

#include "base/result.h"

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mesh::judge {

struct SchemaNode;

class CompiledSchema {
 public:
  static constexpr std::size_t bytes_max = 16 * 1024;
  static constexpr std::size_t nodes_max = 1024;
  static constexpr std::size_t patterns_max = 16;
  static constexpr std::size_t steps_max = 512 * 1024;  // each some 20 to 50 ns
  static constexpr unsigned nesting_max = 256;          // of schemas in schemas while validating

  // The error says what is wrong and where.
  [[nodiscard]] static base::Result<CompiledSchema, std::string> compile(std::string_view json);
  CompiledSchema(CompiledSchema&&) noexcept;
  CompiledSchema& operator=(CompiledSchema&&) noexcept;
  ~CompiledSchema();

  // Where the value breaks the schema first, and what it breaks; nothing: it holds.
  [[nodiscard]] std::optional<std::string> violation(const nlohmann::json& value) const;

 private:
  explicit CompiledSchema(std::vector<SchemaNode> nodes);

  std::vector<SchemaNode> nodes_;  // the root first
};

}  // namespace mesh::judge
