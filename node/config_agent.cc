#include "node/config_agent.h"

#include "base/strings.h"
#include "mesh/judge/check.h"
#include "wire/descriptor_codec.h"

#include <nlohmann/json.hpp>

#include <set>
#include <utility>

namespace node {

namespace {

constexpr std::size_t capabilities_max = 256;
constexpr std::size_t text_max = 4'096;  // bytes of a description or an example
constexpr std::size_t texts_max = 64;    // of one list
constexpr std::uint32_t concurrency_max = 1'000'000;

// A list whose length and items are bounded: all of it is gossiped to every member.
std::vector<std::string> bounded_texts(const ConfigBlock& block, std::string_view name) {
  std::vector<std::string> out = block.texts(name);
  if (out.size() > texts_max) {
    block.refuse(name, "has more than " + std::to_string(texts_max) + " entries");
  }
  for (const std::string& item : out) {
    if (item.size() > text_max) block.refuse(name, "has an entry that is too long");
  }
  return out;
}

std::map<std::string, std::vector<std::string>> read_attributes(const ConfigBlock& block) {
  std::map<std::string, std::vector<std::string>> out;
  const Setting* attributes = block.find("attributes");
  if (attributes == nullptr) return out;
  if (attributes->kind != Setting::Kind::map || attributes->entries.size() > texts_max) {
    block.refuse("attributes",
                 "must be a block of names and values, at most " + std::to_string(texts_max));
    return out;
  }
  for (const Setting& value : attributes->entries) {
    std::vector<std::string>& values = out[value.key];
    const auto take = [&](const Setting& one) {
      if (one.kind == Setting::Kind::scalar && one.scalar.size() <= text_max) {
        values.push_back(one.scalar);
      } else {
        block.reading().refuse(one.line, block.key("attributes") + "." + value.key,
                               "must be a text or a list of texts");
      }
    };
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
  out.pattern = block.text("pattern").value_or("");
  compile(block, "pattern", {.non_empty = false, .pattern = out.pattern, .schema = ""});
  const Setting* schema = block.find("schema");
  if (schema == nullptr) return out;
  if (schema->kind != Setting::Kind::map) {
    block.refuse("schema", "must be a JSON Schema, as a block");
    return out;
  }
  out.schema = json_of(*schema).dump();
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
  out.description = block.text("description").value_or("");
  if (out.description.size() > text_max) block.refuse("description", "is too long");
  out.examples = bounded_texts(block, "examples");
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
  out.descriptor.roles = bounded_texts(block, "roles");
  out.descriptor.concurrency =
      static_cast<std::uint32_t>(block.number("concurrency", 0, concurrency_max).value_or(0));
  if (const auto health = block.block("health", "health")) {
    out.descriptor.health = read_health(*health);
  }
  const std::vector<ConfigBlock> capabilities = block.blocks("capabilities");
  if (capabilities.size() > capabilities_max) {
    block.refuse("capabilities", "has more than " + std::to_string(capabilities_max) + " entries");
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
    block.refuse("capabilities",
                 "are too large together to be told to other nodes (64 KiB); shorten descriptions "
                 "and examples");
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
