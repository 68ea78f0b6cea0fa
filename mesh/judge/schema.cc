#include "mesh/judge/schema.h"

#include "mesh/judge/schema_compiler.h"
#include "mesh/judge/schema_node.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

namespace mesh::judge {

namespace {

using Json = nlohmann::json;

bool is_whole(double number) {
  return std::isfinite(number) && std::floor(number) == number;
}

TypeSet type_of(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return type_null;
    case Json::value_t::boolean:
      return type_boolean;
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
      return type_integer;
    case Json::value_t::number_float:
      return is_whole(value.get<double>()) ? type_integer : type_number;
    case Json::value_t::string:
      return type_string;
    case Json::value_t::array:
      return type_array;
    case Json::value_t::object:
      return type_object;
    case Json::value_t::binary:
    case Json::value_t::discarded:
      break;
  }
  return 0;
}

bool is_multiple(const Json& value, const Json& of) {
  if (value.is_number_unsigned() && of.is_number_unsigned()) {
    return value.get<std::uint64_t>() % of.get<std::uint64_t>() == 0;
  }
  const double count = value.get<double>() / of.get<double>();
  if (!std::isfinite(count)) return false;
  // 0.3 is a multiple of 0.1, though not of the nearest binary fraction.
  return std::abs(count - std::round(count)) <= 1e-9 * std::max(1.0, std::abs(count));
}

std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

// Equal values have equal keys: 1 and 1.0 are equal in JSON Schema.
void append_key(const Json& value, std::string& out) {
  if (value.is_array()) {
    out += '[';
    for (const Json& item : value) {
      append_key(item, out);
      out += ',';
    }
    out += ']';
  } else if (value.is_object()) {
    out += '{';
    for (const auto& [name, member] : value.items()) {
      out += Json(name).dump() + ":";
      append_key(member, out);
      out += ',';
    }
    out += '}';
  } else if (value.is_number_float() && is_whole(value.get<double>()) &&
             std::abs(value.get<double>()) < 1e15) {
    out += std::to_string(static_cast<std::int64_t>(value.get<double>()));
  } else {
    out += value.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
}

// One value held against one schema, with what is left of the work that it may cost.
class Validation {
 public:
  explicit Validation(const std::vector<SchemaNode>& nodes) : nodes_(nodes) {}

  std::optional<std::string> run(const Json& value) {
    if (holds(0, value) || gave_up_) return std::nullopt;
    return failure_;
  }

 private:
  // What is left is true once the work is used up: then all that still runs ends soon.
  bool spend(std::size_t steps) {
    if (steps >= steps_left_) gave_up_ = true;
    steps_left_ -= std::min(steps, steps_left_);
    return !gave_up_;
  }
  // False, and the first failure that counts is remembered.
  bool fail(const char* what) {
    if (quiet_ == 0 && failure_.empty())
      failure_ = (path_.empty() ? "the body" : path_) + " " + what;
    return false;
  }
  bool matches(const Regex& regex, const std::string& text) {
    if (!spend(8 + regex.work(text.size()))) return true;
    return regex.may_match(text);
  }

  bool holds(SchemaIndex index, const Json& value) {
    if (nesting_ >= CompiledSchema::nesting_max) gave_up_ = true;
    if (!spend(1)) return true;
    ++nesting_;
    const bool out = holds(nodes_[index], value);
    --nesting_;
    return out;
  }
  bool holds(const SchemaNode& node, const Json& value) {
    if (node.never) return fail("may not be there");
    if (node.types != type_any && (node.types & type_of(value)) == 0) {
      return fail("has the wrong type");
    }
    if (!node.allowed.empty()) {
      if (!spend(node.allowed.size() + node.allowed_work)) return true;
      if (std::ranges::find(node.allowed, value) == node.allowed.end()) {
        return fail("is none of the allowed values");
      }
    }
    if (value.is_number() && !number_holds(node, value)) return false;
    if (value.is_string() && !text_holds(node, value.get_ref<const std::string&>())) return false;
    if (value.is_array() && !array_holds(node, value)) return false;
    if (value.is_object() && !object_holds(node, value)) return false;
    return combinations_hold(node, value);
  }
  // As a question: its failures are not those of the value.
  bool would_hold(SchemaIndex index, const Json& value) {
    ++quiet_;
    const bool out = holds(index, value);
    --quiet_;
    return out;
  }
  bool holds_below(const std::string& name, SchemaIndex index, const Json& value) {
    const std::size_t size = path_.size();
    path_ += "/" + name.substr(0, 40);
    const bool out = holds(index, value);
    path_.resize(size);
    return out;
  }

  bool number_holds(const SchemaNode& node, const Json& value) {
    if (node.minimum.is_number() && value < node.minimum) return fail("is too small");
    if (node.maximum.is_number() && value > node.maximum) return fail("is too large");
    if (node.above.is_number() && value <= node.above) return fail("is too small");
    if (node.below.is_number() && value >= node.below) return fail("is too large");
    if (node.multiple_of.is_number() && !is_multiple(value, node.multiple_of)) {
      return fail("is no multiple of what it should be");
    }
    return true;
  }

  bool text_holds(const SchemaNode& node, const std::string& text) {
    if (!spend(text.size() / 64)) return true;
    const std::size_t length = characters(text);
    if (length < node.length.min) return fail("is too short");
    if (length > node.length.max) return fail("is too long");
    if (node.pattern && !matches(*node.pattern, text)) return fail("does not match its pattern");
    return true;
  }

  bool array_holds(const SchemaNode& node, const Json& array) {
    if (array.size() < node.items.min) return fail("has too few items");
    if (array.size() > node.items.max) return fail("has too many items");
    if (node.unique && !is_unique(array)) return fail("has the same item twice");
    std::size_t contained = 0;
    for (std::size_t i = 0; i < array.size(); ++i) {
      if (!spend(1)) return true;
      const std::string name =
          node.first_items.empty() && !node.other_items ? "" : std::to_string(i);
      if (i < node.first_items.size()) {
        if (!holds_below(name, node.first_items[i], array[i])) return false;
      } else if (node.other_items && !holds_below(name, *node.other_items, array[i])) {
        return false;
      }
      if (node.contains && would_hold(*node.contains, array[i])) ++contained;
    }
    if (node.contains && !node.contained.holds(contained)) {
      return fail("contains too few or too many of what it should");
    }
    return true;
  }
  bool is_unique(const Json& array) {
    std::set<std::string> seen;
    for (const Json& item : array) {
      std::string key;
      append_key(item, key);
      if (!spend(8 + key.size() / 2)) return true;
      if (!seen.insert(std::move(key)).second) return false;
    }
    return true;
  }

  bool object_holds(const SchemaNode& node, const Json& object) {
    if (object.size() < node.members.min) return fail("has too few members");
    if (object.size() > node.members.max) return fail("has too many members");
    if (!has_all(node.required, object)) return false;
    for (const auto& [name, needed] : node.required_with) {
      if (!spend(2)) return true;
      if (object.contains(name) && !has_all(needed, object)) return false;
    }
    for (const auto& [name, index] : node.schema_with) {
      if (!spend(2)) return true;
      if (object.contains(name) && !holds(index, object)) return false;
    }
    for (auto member = object.begin(); member != object.end(); ++member) {
      if (!spend(2)) return true;
      if (!member_holds(node, member.key(), member.value())) return false;
    }
    return true;
  }
  bool has_all(const std::vector<std::string>& names, const Json& object) {
    for (const std::string& name : names) {
      if (!spend(2)) return true;
      if (!object.contains(name)) {
        return fail(("has no \"" + name.substr(0, 60) + "\"").c_str());
      }
    }
    return true;
  }
  bool member_holds(const SchemaNode& node, const std::string& name, const Json& value) {
    if (node.names && !would_hold(*node.names, Json(name))) {
      return fail("has a member whose name is wrong");
    }
    bool known = false;
    const auto found = node.properties.find(name);
    if (found != node.properties.end()) {
      known = true;
      if (!holds_below(name, found->second, value)) return false;
    }
    for (const auto& [pattern, index] : node.pattern_properties) {
      if (!matches(pattern, name)) continue;
      known = true;
      if (!holds_below(name, index, value)) return false;
    }
    if (known || !node.other_properties) return true;
    return holds_below(name, *node.other_properties, value);
  }

  bool combinations_hold(const SchemaNode& node, const Json& value) {
    for (const SchemaIndex index : node.all_of) {
      if (!holds(index, value)) return false;
    }
    if (!node.any_of.empty() && count_holding(node.any_of, value, 1) == 0) {
      return fail("keeps none of its alternatives");
    }
    if (!node.one_of.empty() && count_holding(node.one_of, value, 2) != 1) {
      return fail("keeps none or several of its alternatives");
    }
    if (node.none_of && would_hold(*node.none_of, value)) return fail("is what it may not be");
    if (!node.condition) return true;
    const auto& then = would_hold(*node.condition, value) ? node.then : node.otherwise;
    return !then || holds(*then, value);
  }
  std::size_t count_holding(const std::vector<SchemaIndex>& indexes, const Json& value,
                            std::size_t enough) {
    std::size_t count = 0;
    for (const SchemaIndex index : indexes) {
      if (would_hold(index, value) && ++count == enough) break;
    }
    return count;
  }

  const std::vector<SchemaNode>& nodes_;
  std::size_t steps_left_ = CompiledSchema::steps_max;
  bool gave_up_ = false;
  unsigned nesting_ = 0;
  unsigned quiet_ = 0;  // above 0: inside a question
  std::string path_;    // as a JSON pointer
  std::string failure_;
};

}  // namespace

base::Result<CompiledSchema, std::string> CompiledSchema::compile(std::string_view json) {
  auto nodes = compile_schema(json);
  if (!nodes) return base::Unexpected{nodes.error()};
  return CompiledSchema(std::move(*nodes));
}

CompiledSchema::CompiledSchema(std::vector<SchemaNode> nodes) : nodes_(std::move(nodes)) {}
CompiledSchema::CompiledSchema(CompiledSchema&&) noexcept = default;
CompiledSchema& CompiledSchema::operator=(CompiledSchema&&) noexcept = default;
CompiledSchema::~CompiledSchema() = default;

std::optional<std::string> CompiledSchema::violation(const nlohmann::json& value) const {
  return Validation(nodes_).run(value);
}

}  // namespace mesh::judge
