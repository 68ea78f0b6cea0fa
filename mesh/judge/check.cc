#include "mesh/judge/check.h"

#include "mesh/judge/bounded_json.h"
#include "mesh/judge/phrase.h"
#include "mesh/judge/regex.h"
#include "mesh/judge/schema.h"

#include <nlohmann/json.hpp>

#include <utility>

namespace mesh::judge {

struct CompiledCheck::Parts {
  bool non_empty = false;
  std::optional<Regex> pattern;
  std::optional<CompiledSchema> schema;
};

base::Result<CompiledCheck, std::string> CompiledCheck::compile(const OutputCheck& check) {
  auto parts = std::make_shared<Parts>();
  parts->non_empty = check.non_empty;
  if (!check.pattern.empty()) {
    auto pattern = Regex::compile(check.pattern);
    if (!pattern) return base::Unexpected{"the pattern " + printable(pattern.error())};
    parts->pattern.emplace(std::move(*pattern));
  }
  if (!check.schema.empty()) {
    auto schema = CompiledSchema::compile(check.schema);
    if (!schema) return base::Unexpected{"the schema " + schema.error()};
    parts->schema.emplace(std::move(*schema));
  }
  return CompiledCheck(std::move(parts));
}

CompiledCheck::CompiledCheck(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}

std::optional<std::string> CompiledCheck::violation(std::string_view body) const {
  if (parts_->non_empty && body.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return "the body is empty";
  }
  if (parts_->pattern && !parts_->pattern->may_match(body)) {
    return "the body does not match the pattern";
  }
  if (!parts_->schema) return std::nullopt;
  const nlohmann::json value = parse_bounded(body);
  if (value.is_discarded()) return "the body is no JSON, or too long or too deep to be judged";
  const auto broken = parts_->schema->violation(value);
  if (!broken) return std::nullopt;
  return printable(*broken);
}

}  // namespace mesh::judge
