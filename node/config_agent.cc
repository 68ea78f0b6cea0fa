#include "node/config_agent.h"

#include "base/strings.h"
#include "mesh/judge/check.h"
#include "wire/descriptor_codec.h"

#include <nlohmann/json.hpp>

#include <set>
#include <utility>

namespace node {

namespace {

using Limits = wire::DescriptorLimits;  // what other nodes read, and no more

constexpr std::uint32_t concurrency_max = 1'000'000;

std::string longer_than(std::size_t bytes_max) {
  return "longer than " + std::to_string(bytes_max) + " bytes";
}

// A text of which every member gets a copy.
std::string bounded_text(const ConfigBlock& block, std::string_view name, std::size_t bytes_max) {
  std::string out = block.text(name).value_or("");
  if (out.size() > bytes_max) block.refuse(name, "is " + longer_than(bytes_max));
  return out;
}

std::vector<std::string> bounded_texts(const ConfigBlock& block, std::string_view name,
                                       std::size_t count_max, std::size_t bytes_max) {
  std::vector<std::string> out = block.texts(name);
  if (out.size() > count_max) {
    block.refuse(name, "has more than " + std::to_string(count_max) + " entries");
  }
  for (const std::string& item : out) {
    if (item.size() > bytes_max) block.refuse(name, "has an entry " + longer_than(bytes_max));
  }
  return out;
}

std::map<std::string, std::vector<std::string>> read_attributes(const ConfigBlock& block) {
  std::map<std::string, std::vector<std::string>> out;
  const Setting* attributes = block.find("attributes");
  if (attributes == nullptr) return out;
  if (attributes->kind != Setting::Kind::map || attributes->entries.size() > Limits::attributes) {
    block.refuse("attributes", "must be a block of names and values, at most " +
                                   std::to_string(Limits::attributes));
    return out;
  }
  for (const Setting& value : attributes->entries) {
    std::vector<std::string>& values = out[value.key];
    const auto refuse = [&](int line, const std::string& what) {
      block.reading().refuse(line, block.key("attributes") + "." + value.key, what);
    };
    if (value.key.size() > Limits::word) {
      refuse(value.line, "has a name " + longer_than(Limits::word));
    }
    const auto take = [&](const Setting& one) {
      if (one.kind != Setting::Kind::scalar) {
        refuse(one.line, "must be a text or a list of texts");
      } else if (one.scalar.size() > Limits::word) {
        refuse(one.line, "has a value " + longer_than(Limits::word));
      } else {
        values.push_back(one.scalar);
      }
    };
    if (value.items.size() > Limits::attribute_values) {
      refuse(value.line, "has more than " + std::to_string(Limits::attribute_values) + " values");
      continue;
    }
    if (value.kind != Setting::Kind::list) {
      take(value);
      continue;
    }
    for (const Setting& one : value.items) take(one);
  }
  return out;
}

// A setting as the JSON value that it stands for. Its depth is bounded by its parser.
nlohmann::json json_of(const Setting& setting) {
  nlohmann::json out;
  switch (setting.kind) {
    case Setting::Kind::null:
      break;
    case Setting::Kind::scalar:
      if (!setting.quoted) out = nlohmann::json::parse(setting.scalar, nullptr, false);
      if (setting.quoted || !(out.is_number() || out.is_boolean())) out = setting.scalar;
      break;
    case Setting::Kind::list:
      out = nlohmann::json::array();
      for (const Setting& item : setting.items) out.push_back(json_of(item));
      break;
    case Setting::Kind::map:
      out = nlohmann::json::object();
      for (const Setting& entry : setting.entries) out[entry.key] = json_of(entry);
      break;
  }
  return out;
}

// Refuses here what other nodes would ignore.
void compile(const ConfigBlock& block, std::string_view name, const mesh::OutputCheck& part) {
  const auto compiled = mesh::judge::CompiledCheck::compile(part);
  if (!compiled) block.refuse(name, compiled.error());
}

mesh::OutputCheck read_check(const ConfigBlock& block) {
  mesh::OutputCheck out;
  out.non_empty = block.one_of("nonEmpty", {"true", "false"}) == "true";
  out.pattern = bounded_text(block, "pattern", Limits::pattern);
  compile(block, "pattern", {.non_empty = false, .pattern = out.pattern, .schema = ""});
  const Setting* schema = block.find("schema");
  if (schema == nullptr) return out;
  if (schema->kind != Setting::Kind::map) {
    block.refuse("schema", "must be a JSON Schema, as a block");
    return out;
  }
  out.schema = json_of(*schema).dump();
  if (out.schema.size() > Limits::schema)
    block.refuse("schema", "is " + longer_than(Limits::schema));
  compile(block, "schema", {.non_empty = false, .pattern = "", .schema = out.schema});
  return out;
}

mesh::Capability read_capability(const ConfigBlock& block) {
  mesh::Capability out;
  out.name = block.text("name").value_or("");
  if (!mesh::is_capability_name(out.name)) {
    block.refuse("name", "\"" + out.name +
                             "\" is no capability name; use letters, digits, _ and - in parts "
                             "joined by dots");
  }
  out.description = bounded_text(block, "description", Limits::text);
  out.examples = bounded_texts(block, "examples", Limits::examples, Limits::text);
  out.attributes = read_attributes(block);
  if (const auto word = block.one_of("proficiency", {"novice", "competent", "expert"})) {
    out.proficiency = *mesh::parse_proficiency(*word);
  }
  if (const auto text = block.text("version")) {
    const auto version = mesh::CapabilityVersion::parse(*text);
    if (!version) block.refuse("version", "\"" + *text + "\" is no version; write it like 1.4.0");
    out.version = version.value_or(mesh::CapabilityVersion{});
  }
  if (const auto text = block.text("cost")) {
    const auto cost = parse_micros(*text);
    if (!cost) {
      block.refuse("cost", "\"" + *text +
                               "\" is no cost; write a number like 0.002, with at most "
                               "six digits after the point");
    }
    out.cost_micros = cost.value_or(0);
  }
  out.path = block.text("path").value_or("");
  if (!out.path.empty() && out.path.front() != '/') block.refuse("path", "must begin with /");
  if (const auto check = block.block("check", "check")) out.check = read_check(*check);
  return out;
}

mesh::HealthCheck read_health(const ConfigBlock& block) {
  mesh::HealthCheck out;
  out.path = block.text("path").value_or("");
  if (!out.path.empty() && out.path.front() != '/') block.refuse("path", "must begin with /");
  out.interval = block.duration("interval").value_or(out.interval);
  out.timeout = block.duration("timeout").value_or(out.timeout);
  if (out.timeout > out.interval) block.refuse("timeout", "must not be longer than the interval");
  block.each_of("criteria", {"response_time", "output_quality", "context_freshness"});
  if (block.find("criteria") != nullptr) {
    block.warn("criteria",
               "is not acted on: who calls an agent judges it; set healthCheck.criteria of the "
               "policies there");
  }
  return out;
}

}  // namespace

std::optional<std::int64_t> parse_micros(std::string_view text) {
  constexpr std::size_t digits = 6;
  const std::size_t point = text.find('.');
  const auto whole = base::parse_unsigned(text.substr(0, point));
  if (!whole || *whole > 1'000'000'000) return std::nullopt;
  std::string fraction;
  if (point != std::string_view::npos) {
    fraction = text.substr(point + 1);
    if (fraction.empty() || fraction.size() > digits) return std::nullopt;
  }
  fraction.resize(digits, '0');
  const auto micros = base::parse_unsigned(fraction);
  if (!micros) return std::nullopt;
  return static_cast<std::int64_t>(*whole * 1'000'000 + *micros);
}

std::optional<AgentConfig> read_agent(const ConfigBlock& block) {
  const std::size_t errors_before = block.reading().errors.size();
  AgentConfig out;
  const auto url = block.text("url");
  if (!url) {
    block.refuse("url", "is missing; write the agent's address, like http://127.0.0.1:9000");
  } else if (const auto parsed = transport::AgentUrl::parse(*url)) {
    out.url = *parsed;
  } else {
    block.refuse("url", "\"" + *url +
                            "\" is no URL of an agent; write it like "
                            "http://127.0.0.1:9000 or h2c://127.0.0.1:9000");
  }
  out.descriptor.roles = bounded_texts(block, "roles", Limits::roles, Limits::word);
  out.descriptor.concurrency =
      static_cast<std::uint32_t>(block.number("concurrency", 0, concurrency_max).value_or(0));
  if (const auto health = block.block("health", "health")) {
    out.descriptor.health = read_health(*health);
  }
  const std::vector<ConfigBlock> capabilities = block.blocks("capabilities");
  if (capabilities.size() > Limits::capabilities) {
    block.refuse("capabilities",
                 "has more than " + std::to_string(Limits::capabilities) + " entries");
  }
  std::set<std::string> names;
  for (const ConfigBlock& capability : capabilities) {
    mesh::Capability read = read_capability(capability);
    if (!read.name.empty() && !names.insert(read.name).second) {
      capability.refuse("name", "\"" + read.name + "\" is there already; give each once");
    }
    out.descriptor.capabilities.push_back(std::move(read));
  }
  if (block.reading().errors.size() != errors_before) return std::nullopt;
  if (!wire::encode_descriptor(out.descriptor)) {
    block.refuse("capabilities", "are too large together to be told to other nodes (" +
                                     std::to_string(Limits::bytes / 1024) +
                                     " KiB); shorten descriptions and examples");
    return std::nullopt;
  }
  return out;
}

std::string url_text(const transport::AgentUrl& url) {
  const bool plain = url.scheme == transport::AgentUrl::Scheme::http;
  return (plain ? "http://" : "h2c://") + url.authority() + url.base;
}

base::Result<AgentConfig, std::string> parse_agent_json(std::string_view json) {
  if (json.size() > config_bytes_max) return base::Unexpected{std::string("is too long")};
  const auto setting = parse_json(json);
  if (!setting) return base::Unexpected{setting.error().what};
  if (setting->kind != Setting::Kind::map) {
    return base::Unexpected{std::string("must be an object, as the agent: block of the file")};
  }
  ConfigReading reading;  // without an environment: a client may not read this process's variables
  auto agent = read_agent(ConfigBlock(reading, *setting, "agent", "agent"));
  if (!reading.errors.empty()) {
    std::string all;  // in one line: it becomes one member of a problem
    for (const ConfigError& error : reading.errors) all += (all.empty() ? "" : "; ") + error.text();
    return base::Unexpected{std::move(all)};
  }
  return *agent;
}

std::string agent_json(const AgentConfig& agent) {
  using Json = nlohmann::ordered_json;
  Json out;
  out["url"] = url_text(agent.url);
  out["roles"] = agent.descriptor.roles;
  out["concurrency"] = agent.descriptor.concurrency;
  const mesh::HealthCheck& health = agent.descriptor.health;
  out["health"] = {{"path", health.path},
                   {"interval", base::format_duration(health.interval)},
                   {"timeout", base::format_duration(health.timeout)}};
  out["capabilities"] = Json::array();
  for (const mesh::Capability& capability : agent.descriptor.capabilities) {
    std::string fraction = std::to_string(capability.cost_micros % 1'000'000);
    fraction.insert(0, 6 - fraction.size(), '0');
    out["capabilities"].push_back(
        {{"name", capability.name},
         {"description", capability.description},
         {"examples", capability.examples},
         {"attributes", capability.attributes},
         {"proficiency", std::string(mesh::to_string(capability.proficiency))},
         {"version", capability.version.to_string()},
         {"cost", std::to_string(capability.cost_micros / 1'000'000) + "." + fraction},
         {"path", capability.path}});
    if (!capability.check) continue;
    Json& check = out["capabilities"].back()["check"];
    check["nonEmpty"] = capability.check->non_empty;
    check["pattern"] = capability.check->pattern;
    if (!capability.check->schema.empty()) check["schema"] = Json::parse(capability.check->schema);
  }
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace node
