#include "mesh/judge/schema_compiler.h"

#include "base/strings.h"
#include "mesh/judge/bounded_json.h"
#include "mesh/judge/schema.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

namespace mesh::judge {

namespace {

using Json = nlohmann::json;

// Keywords that change what holds in ways that are not followed here.
constexpr std::array<std::string_view, 6> not_read{"$dynamicRef",           "$dynamicAnchor",
                                                   "$recursiveRef",         "$recursiveAnchor",
                                                   "unevaluatedProperties", "unevaluatedItems"};

TypeSet type_named(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, TypeSet>, 7> names{
      {{"null", type_null},
       {"boolean", type_boolean},
       {"integer", type_integer},
       {"number", type_number | type_integer},
       {"string", type_string},
       {"array", type_array},
       {"object", type_object}}};
  const auto* const found =
      std::ranges::find_if(names, [&](const auto& entry) { return entry.first == name; });
  return found == names.end() ? TypeSet{0} : found->second;
}

class Compiler {
 public:
  explicit Compiler(const Json& root) : root_(root) {}

  base::Result<std::vector<SchemaNode>, std::string> run() {
    place(root_);
    // Placing a schema only numbers it, so that deep documents need no deep calls.
    for (std::size_t i = 0; i < places_.size() && error_.empty(); ++i) {
      nodes_.emplace_back();
      schema_ = places_[i];
      read(nodes_.back());
    }
    if (!error_.empty()) return base::Unexpected{error_};
    return std::move(nodes_);
  }

 private:
  void fail(const std::string& what) {
    if (error_.empty()) error_ = what;
  }
  void fail(std::string_view keyword, const std::string& what) {
    fail("has a \"" + std::string(keyword) + "\" that " + what);
  }

  SchemaIndex place(const Json& schema) {
    const auto known = indexes_.find(&schema);
    if (known != indexes_.end()) return known->second;
    if (places_.size() >= CompiledSchema::nodes_max) {
      fail("has more than " + std::to_string(CompiledSchema::nodes_max) + " schemas in it");
      return 0;
    }
    const auto index = static_cast<SchemaIndex>(places_.size());
    places_.push_back(&schema);
    indexes_.emplace(&schema, index);
    return index;
  }

  // ---- a keyword of the schema under way, by the kind of its value ----

  const Json* find(const char* keyword) const {
    const auto found = schema_->find(keyword);
    return found == schema_->end() ? nullptr : &*found;
  }
  void take_number(const char* keyword, Json& out) {
    const Json* value = find(keyword);
    if (value == nullptr) return;
    if (!value->is_number()) return fail(keyword, "must be a number");
    out = *value;
  }
  void take_count(const char* keyword, std::size_t& out) {
    const Json* value = find(keyword);
    if (value == nullptr) return;
    const bool whole =
        value->is_number_unsigned() ||
        (value->is_number_float() && value->get<double>() >= 0 && value->get<double>() < 1e15 &&
         std::floor(value->get<double>()) == value->get<double>());
    if (!whole) return fail(keyword, "must be a whole number, at least 0");
    out = value->get<std::size_t>();
  }
  void take_schema(const char* keyword, std::optional<SchemaIndex>& out) {
    if (const Json* value = find(keyword)) out = place(*value);
  }
  void take_schemas(const char* keyword, std::vector<SchemaIndex>& out) {
    const Json* value = find(keyword);
    if (value == nullptr) return;
    if (!value->is_array() || value->empty()) return fail(keyword, "must be a list of schemas");
    for (const Json& one : *value) out.push_back(place(one));
  }
  std::vector<std::string> texts(std::string_view keyword, const Json& value) {
    std::vector<std::string> out;
    if (!value.is_array()) {
      fail(keyword, "must be a list of names");
      return out;
    }
    for (const Json& one : value) {
      if (one.is_string()) {
        out.push_back(one.get<std::string>());
      } else {
        fail(keyword, "must be a list of names");
      }
    }
    return out;
  }
  const Json* find_object(const char* keyword) {
    const Json* value = find(keyword);
    if (value == nullptr || value->is_object()) return value;
    fail(keyword, "must be an object");
    return nullptr;
  }
  std::optional<Regex> regex(const char* keyword, const std::string& pattern) {
    if (++patterns_ > CompiledSchema::patterns_max) {
      fail("has more than " + std::to_string(CompiledSchema::patterns_max) + " patterns");
      return std::nullopt;
    }
    auto compiled = Regex::compile(pattern);
    if (compiled) return std::move(*compiled);
    fail(keyword, compiled.error());
    return std::nullopt;
  }

  // ---- groups of keywords ----

  void read(SchemaNode& node) {
    if (schema_->is_boolean()) {
      node.never = !schema_->get<bool>();
      return;
    }
    if (!schema_->is_object())
      return fail("has in it a schema that is neither an object nor true or false");
    for (const std::string_view keyword : not_read) {
      if (schema_->contains(keyword)) return fail(keyword, "is not read here; do without it");
    }
    if (schema_ != &root_ && find("$id") != nullptr && find("$id")->is_string()) {
      return fail("$id", "is read only at the root; refer to #/$defs/NAME instead");
    }
    read_values(node);
    read_arrays(node);
    read_objects(node);
    read_dependencies(node);
    read_combinations(node);
  }

  void read_values(SchemaNode& node) {
    if (const Json* type = find("type")) {
      node.types = 0;
      const Json list = type->is_array() ? *type : Json::array({*type});
      for (const Json& one : list) {
        const TypeSet named = one.is_string() ? type_named(one.get_ref<const std::string&>()) : 0;
        if (named == 0) fail("type", "is none of the types of JSON");
        node.types |= named;
      }
    }
    if (const Json* values = find("enum")) {
      if (!values->is_array() || values->empty()) return fail("enum", "must be a list of values");
      node.allowed.assign(values->begin(), values->end());
      node.allowed_work = values->dump().size() / 8;
    }
    if (const Json* value = find("const")) {
      const bool both = !node.allowed.empty();
      const bool in_both = std::ranges::find(node.allowed, *value) != node.allowed.end();
      node.allowed.assign(1, *value);
      node.allowed_work = value->dump().size() / 8;
      if (both && !in_both) node.never = true;
    }
    take_number("minimum", node.minimum);
    take_number("maximum", node.maximum);
    take_limit("exclusiveMinimum", node.minimum, node.above);
    take_limit("exclusiveMaximum", node.maximum, node.below);
    take_number("multipleOf", node.multiple_of);
    if (node.multiple_of.is_number() && node.multiple_of <= 0) {
      fail("multipleOf", "must be above 0");
    }
    take_count("minLength", node.length.min);
    take_count("maxLength", node.length.max);
    if (const Json* pattern = find("pattern")) {
      if (!pattern->is_string()) return fail("pattern", "must be a text");
      node.pattern = regex("pattern", pattern->get_ref<const std::string&>());
    }
  }
  // A number of its own, or in draft 4 a word about the other limit.
  void take_limit(const char* keyword, Json& inclusive, Json& exclusive) {
    const Json* value = find(keyword);
    if (value == nullptr || !value->is_boolean()) return take_number(keyword, exclusive);
    if (value->get<bool>()) std::swap(inclusive, exclusive);
  }

  void read_arrays(SchemaNode& node) {
    take_count("minItems", node.items.min);
    take_count("maxItems", node.items.max);
    if (const Json* unique = find("uniqueItems")) {
      if (!unique->is_boolean()) return fail("uniqueItems", "must be true or false");
      node.unique = unique->get<bool>();
    }
    take_schemas("prefixItems", node.first_items);
    const Json* items = find("items");
    if (items != nullptr && items->is_array()) {  // before draft 2020-12
      for (const Json& one : *items) node.first_items.push_back(place(one));
      take_schema("additionalItems", node.other_items);
    } else if (items != nullptr) {
      node.other_items = place(*items);
    }
    take_schema("contains", node.contains);
    take_count("minContains", node.contained.min);
    take_count("maxContains", node.contained.max);
  }

  void read_objects(SchemaNode& node) {
    take_count("minProperties", node.members.min);
    take_count("maxProperties", node.members.max);
    if (const Json* required = find("required")) node.required = texts("required", *required);
    if (const Json* properties = find_object("properties")) {
      for (const auto& [name, schema] : properties->items()) {
        node.properties.emplace(name, place(schema));
      }
    }
    if (const Json* properties = find_object("patternProperties")) {
      for (const auto& [pattern, schema] : properties->items()) {
        auto compiled = regex("patternProperties", pattern);
        if (!compiled) return;
        node.pattern_properties.emplace_back(std::move(*compiled), place(schema));
      }
    }
    take_schema("additionalProperties", node.other_properties);
    take_schema("propertyNames", node.names);
  }

  void read_dependencies(SchemaNode& node) {
    if (const Json* names = find_object("dependentRequired")) {
      for (const auto& [name, required] : names->items()) {
        node.required_with[name] = texts("dependentRequired", required);
      }
    }
    if (const Json* schemas = find_object("dependentSchemas")) {
      for (const auto& [name, schema] : schemas->items()) node.schema_with[name] = place(schema);
    }
    if (const Json* both = find_object("dependencies")) {  // before draft 2019-09
      for (const auto& [name, one] : both->items()) {
        if (one.is_array()) {
          node.required_with[name] = texts("dependencies", one);
        } else {
          node.schema_with[name] = place(one);
        }
      }
    }
  }

  void read_combinations(SchemaNode& node) {
    take_schemas("allOf", node.all_of);
    take_schemas("anyOf", node.any_of);
    take_schemas("oneOf", node.one_of);
    take_schema("not", node.none_of);
    take_schema("if", node.condition);
    take_schema("then", node.then);
    take_schema("else", node.otherwise);
    const Json* ref = find("$ref");
    if (ref == nullptr) return;
    if (!ref->is_string()) return fail("$ref", "must be a text");
    if (const Json* target = referred(ref->get_ref<const std::string&>())) {
      node.all_of.push_back(place(*target));
    }
  }
  // "#" or "#/a/b", where in a URI some characters stand as %XX.
  const Json* referred(const std::string& ref) {
    if (!ref.starts_with('#') || (ref.size() > 1 && ref[1] != '/')) {
      fail("$ref", "may lead only to this schema; write it like #/$defs/NAME");
      return nullptr;
    }
    std::string pointer;
    for (std::size_t i = 1; i < ref.size(); ++i) {
      const auto nibble = [&](std::size_t at) { return at < ref.size() ? hex_digit(ref[at]) : -1; };
      if (ref[i] != '%' || nibble(i + 1) < 0 || nibble(i + 2) < 0) {
        pointer += ref[i];
      } else {
        pointer += static_cast<char>(nibble(i + 1) * 16 + nibble(i + 2));
        i += 2;
      }
    }
    const Json* target = &root_;
    const std::vector<std::string_view> tokens = base::split(pointer, '/');
    for (std::size_t i = 1; i < tokens.size() && target != nullptr; ++i) {
      target = below(*target, unescaped(tokens[i]));
    }
    if (target == nullptr) fail("$ref", "leads to nothing: " + ref.substr(0, 80));
    return target;
  }
  static const Json* below(const Json& parent, const std::string& token) {
    if (parent.is_object()) {
      const auto found = parent.find(token);
      return found == parent.end() ? nullptr : &*found;
    }
    const auto index = base::parse_unsigned(token);
    if (!parent.is_array() || !index || *index >= parent.size()) return nullptr;
    return &parent[static_cast<std::size_t>(*index)];
  }
  // A token of a JSON pointer (RFC 6901).
  static std::string unescaped(std::string_view token) {
    std::string out;
    for (std::size_t i = 0; i < token.size(); ++i) {
      const bool escaped = token[i] == '~' && i + 1 < token.size();
      if (escaped && (token[i + 1] == '0' || token[i + 1] == '1')) {
        out += token[++i] == '0' ? '~' : '/';
      } else {
        out += token[i];
      }
    }
    return out;
  }
  static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  }

  const Json& root_;
  const Json* schema_ = nullptr;  // the one under way
  std::vector<const Json*> places_;
  // Only looked up in, for its order is that of addresses.
  std::map<const Json*, SchemaIndex> indexes_;
  std::vector<SchemaNode> nodes_;
  std::size_t patterns_ = 0;
  std::string error_;
};

}  // namespace

base::Result<std::vector<SchemaNode>, std::string> compile_schema(std::string_view json) {
  if (json.size() > CompiledSchema::bytes_max) {
    return base::Unexpected{std::string("is longer than 16 KiB")};
  }
  const Json root = parse_bounded(json);
  if (root.is_discarded()) {
    return base::Unexpected{std::string("is no JSON, or nested deeper than 64")};
  }
  return Compiler(root).run();
}

}  // namespace mesh::judge
