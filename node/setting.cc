#include "node/setting.h"

#include <nlohmann/json.hpp>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <sstream>

namespace node {

namespace {

// The parsers let any byte through, but what is read here is shown again as JSON.
bool is_utf8(const std::string& text) {
  try {
    static_cast<void>(nlohmann::json(text).dump());
    return true;
  } catch (const nlohmann::json::type_error&) {
    return false;
  }
}

// Builds the tree from the events of a parser. Throws SettingError, which parse_yaml() catches:
// the parser knows no other way to stop.
class Builder final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    place(Setting{.kind = Setting::Kind::null,
                  .line = mark.line + 1,
                  .key = {},
                  .scalar = {},
                  .quoted = false,
                  .items = {},
                  .entries = {}});
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    throw SettingError{mark.line + 1, "aliases (*name) are not read; write the value out"};
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                const std::string& value) override {
    if (!is_utf8(value)) throw SettingError{mark.line + 1, "is not a text in UTF-8"};
    // A plain `null` or `~` arrives as a scalar with the tag "?".
    const bool null = tag == "?" && (value == "null" || value == "~");
    place(Setting{.kind = null ? Setting::Kind::null : Setting::Kind::scalar,
                  .line = mark.line + 1,
                  .key = {},
                  .scalar = value,
                  .quoted = tag == "!",
                  .items = {},
                  .entries = {}});
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/,
                       YAML::anchor_t /*anchor*/, YAML::EmitterStyle::value /*style*/) override {
    open(Setting::Kind::list, mark.line + 1);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {
    open(Setting::Kind::map, mark.line + 1);
  }
  void OnMapEnd() override { close(); }

  Setting take() { return std::move(root_); }

 private:
  struct Level {
    Setting setting;
    std::optional<std::string> key;  // of a map, when its value comes next
  };

  void open(Setting::Kind kind, int line) {
    if (open_.size() >= Setting::depth_max) throw SettingError{line, "is nested too deeply"};
    if (!open_.empty() && open_.back().setting.kind == Setting::Kind::map && !open_.back().key) {
      throw SettingError{line, "a key must be text"};
    }
    count(line);
    Level level;
    level.setting.kind = kind;
    level.setting.line = line;
    open_.push_back(std::move(level));
  }
  void close() {
    Setting done = std::move(open_.back().setting);
    open_.pop_back();
    insert(std::move(done));
  }
  void place(Setting value) {
    count(value.line);
    if (!open_.empty() && open_.back().setting.kind == Setting::Kind::map && !open_.back().key) {
      if (open_.back().setting.find(value.scalar) != nullptr) {
        throw SettingError{value.line, "the key \"" + value.scalar + "\" comes twice"};
      }
      open_.back().key = std::move(value.scalar);
      return;
    }
    insert(std::move(value));
  }
  void insert(Setting value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    Level& level = open_.back();
    if (level.setting.kind == Setting::Kind::list) {
      level.setting.items.push_back(std::move(value));
    } else {
      value.key = std::move(*level.key);
      level.setting.entries.push_back(std::move(value));
      level.key.reset();
    }
  }
  void count(int line) {
    if (++values_ > Setting::values_max) throw SettingError{line, "has too many values"};
  }

  std::vector<Level> open_;
  Setting root_;
  std::size_t values_ = 0;
};

Setting from_json(const nlohmann::json& json) {
  Setting out;
  switch (json.type()) {
    case nlohmann::json::value_t::object:
      out.kind = Setting::Kind::map;
      for (const auto& [key, value] : json.items()) {
        out.entries.push_back(from_json(value));
        out.entries.back().key = key;
      }
      break;
    case nlohmann::json::value_t::array:
      out.kind = Setting::Kind::list;
      for (const auto& value : json) out.items.push_back(from_json(value));
      break;
    case nlohmann::json::value_t::string:
      out.kind = Setting::Kind::scalar;
      out.scalar = json.get<std::string>();
      out.quoted = true;
      break;
    case nlohmann::json::value_t::boolean:
    case nlohmann::json::value_t::number_integer:
    case nlohmann::json::value_t::number_unsigned:
    case nlohmann::json::value_t::number_float:
      out.kind = Setting::Kind::scalar;
      out.scalar = json.dump();
      break;
    case nlohmann::json::value_t::null:
    case nlohmann::json::value_t::binary:
    case nlohmann::json::value_t::discarded:
      break;
  }
  return out;
}

}  // namespace

const Setting* Setting::find(std::string_view name) const {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [name](const Setting& entry) { return entry.key == name; });
  return found == entries.end() ? nullptr : &*found;
}

base::Result<Setting, SettingError> parse_yaml(const std::string& text) {
  Builder builder;
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
  } catch (const SettingError& error) {
    return base::Unexpected{error};
  } catch (const YAML::Exception& error) {
    return base::Unexpected{SettingError{error.mark.line + 1, "is no YAML: " + error.msg}};
  }
  return builder.take();
}

base::Result<Setting, SettingError> parse_json(std::string_view text) {
  std::size_t values = 0;
  const auto bounded = [&values](int depth, nlohmann::json::parse_event_t /*event*/,
                                 nlohmann::json& /*parsed*/) {
    if (++values > Setting::values_max) throw SettingError{0, "has too many values"};
    if (depth > static_cast<int>(Setting::depth_max)) throw SettingError{0, "is nested too deeply"};
    return true;
  };
  try {
    return from_json(nlohmann::json::parse(text, bounded));
  } catch (const SettingError& error) {
    return base::Unexpected{error};
  } catch (const nlohmann::json::exception& error) {
    return base::Unexpected{SettingError{0, std::string("is no JSON: ") + error.what()}};
  }
}

}  // namespace node
