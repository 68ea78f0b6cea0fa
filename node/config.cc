#include "node/config.h"

#include "base/strings.h"
#include "node/config_agent.h"
#include "node/config_block.h"
#include "node/config_policies.h"
#include "node/setting.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <utility>

namespace node {

namespace {

const std::vector<std::string_view> log_formats = {"text", "json"};
const std::vector<std::string_view> log_levels = {"debug", "info", "warning", "error"};

// "host:port" in its two parts; nothing if it is neither that nor an address.
std::optional<std::pair<std::string, std::string>> host_and_port(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return std::nullopt;
  const std::string port = text.substr(colon + 1);
  const auto number = base::parse_unsigned(port);
  if (!number || *number > 65'535) return std::nullopt;
  const std::string host = text.substr(0, colon);
  const bool known_form = std::all_of(host.begin(), host.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_';
  });
  if (!known_form) return std::nullopt;
  return std::pair(host, port);
}

base::Severity severity_of(std::string_view word) {
  if (word == "debug") return base::Severity::debug;
  if (word == "warning") return base::Severity::warning;
  return word == "error" ? base::Severity::error : base::Severity::info;
}

// Values that come from the file, a flag or a variable all pass here. Nothing, or what is wrong.
class NodeSettings {
 public:
  explicit NodeSettings(NodeConfig& config) : config_(config) {}

  std::string set(std::string_view key, const std::string& value) {
    if (key == "name") return set_name(value);
    if (key == "data") return set_text(config_.data, value);
    if (key == "genesis") return set_text(config_.genesis, value);
    if (key == "invitation") return set_text(config_.invitation, value);
    if (key == "mesh") return set_endpoint(config_.mesh, value);
    if (key == "api") return set_endpoint(config_.api, value);
    if (key == "advertise") return set_advertise(value);
    if (key == "log") return set_log(value);
    return set_log_level(value);
  }
  std::string set_seeds(const std::vector<std::string>& seeds) {
    for (const std::string& seed : seeds) {
      if (!base::Endpoint::parse(seed) && !host_and_port(seed)) {
        return "\"" + seed + "\" is no HOST:PORT; write it like 10.0.0.1:7400";
      }
    }
    config_.seeds = seeds;
    return "";
  }

 private:
  static std::string set_text(std::string& field, const std::string& value) {
    if (value.empty()) return "is empty; give a value, or leave it out";
    field = value;
    return "";
  }
  std::string set_name(const std::string& value) {
    const bool plain = std::all_of(value.begin(), value.end(),
                                   [](unsigned char c) { return c >= 0x20 && c != 0x7f; });
    if (value.empty() || value.size() > 64 || !plain) {
      return "must have 1 to 64 bytes without control characters";
    }
    config_.name = value;
    return "";
  }
  static std::string set_endpoint(base::Endpoint& field, const std::string& value) {
    const auto endpoint = base::Endpoint::parse(value);
    if (!endpoint) return "\"" + value + "\" is no IP:PORT; write it like 127.0.0.1:7400";
    field = *endpoint;
    return "";
  }
  std::string set_advertise(const std::string& value) {
    const auto endpoint = base::Endpoint::parse(value);
    if (!endpoint && !host_and_port(value)) {
      return "\"" + value + "\" is no HOST:PORT; write it like node1.example.net:7400";
    }
    if (endpoint && endpoint->is_unspecified()) {
      return "must be an address that others can reach, not " + value;
    }
    config_.advertise = value;
    return "";
  }
  std::string set_log(const std::string& value) {
    if (value != "text" && value != "json") return none_of(value, log_formats);
    config_.log = value == "json" ? LogFormat::json : LogFormat::text;
    return "";
  }
  std::string set_log_level(const std::string& value) {
    if (std::find(log_levels.begin(), log_levels.end(), value) == log_levels.end()) {
      return none_of(value, log_levels);
    }
    config_.log_level = severity_of(value);
    return "";
  }

  NodeConfig& config_;
};

void read_node_block(const ConfigBlock& block, NodeConfig& config) {
  NodeSettings settings(config);
  for (const std::string_view key :
       {"name", "data", "mesh", "advertise", "api", "genesis", "invitation", "log", "logLevel"}) {
    const auto value = block.text(key);
    if (!value) continue;
    if (const std::string wrong = settings.set(key, *value); !wrong.empty()) {
      block.refuse(key, wrong);
    }
  }
  config.api_hosts = block.texts("apiHosts");
  if (const std::string wrong = settings.set_seeds(block.texts("seeds")); !wrong.empty()) {
    block.refuse("seeds", wrong);
  }
}

void read_agreement_block(const ConfigBlock& block, NodeConfig& config) {
  constexpr std::uint64_t most = 1'000'000'000;
  if (const auto blocks = block.number("snapshotAfter", 2, most)) config.snapshot_after = *blocks;
}

void read_file(const std::string& text, ConfigReading& reading, NodeConfig& config) {
  if (text.size() > config_bytes_max) {
    reading.refuse(0, "", "is longer than 1 MiB; name the right file");
    return;
  }
  const auto setting = parse_yaml(text);
  if (!setting) {
    reading.refuse(setting.error().line, "", setting.error().what);
    return;
  }
  const ConfigBlock file(reading, *setting, "", "");
  if (const auto node = file.block("node", "node")) read_node_block(*node, config);
  if (const auto agreement = file.block("agreement", "agreement")) {
    read_agreement_block(*agreement, config);
  }
  if (const auto agent = file.block("agent", "agent")) config.agent = read_agent(*agent);
  config.policies.policies = read_policies(file);
}

// ---- flags and variables ----

struct Given {
  std::string origin;  // "--log-level" or "PARLEY_LOG_LEVEL"
  std::vector<std::string> values;
};

std::optional<Given> given(const ConfigSources& sources, const std::string& flag) {
  const auto found = sources.flags.find(flag);
  if (found != sources.flags.end() && !found->second.empty()) {
    return Given{"--" + flag, found->second};
  }
  std::string variable = "PARLEY_" + flag;
  std::transform(variable.begin(), variable.end(), variable.begin(), [](unsigned char c) {
    return c == '-' ? '_' : static_cast<char>(std::toupper(c));
  });
  const auto value = sources.environment(variable);
  if (!value || value->empty()) return std::nullopt;
  Given out{variable, {}};
  const bool list = flag == "seed" || flag == "capability";
  for (const std::string_view part : base::split(*value, list ? ',' : '\n')) {
    out.values.emplace_back(base::trim(part));
  }
  return out;
}

void refuse(const Given& origin, const std::string& what, ConfigReading& reading) {
  if (!what.empty()) reading.errors.push_back({origin.origin, 0, "", what});
}

void apply_agent_flags(const ConfigSources& sources, NodeConfig& config, ConfigReading& reading) {
  const auto url = given(sources, "agent");
  if (url) {
    const auto parsed = transport::AgentUrl::parse(url->values.back());
    if (!parsed) {
      refuse(*url, "\"" + url->values.back() + "\" is no URL; write it like http://127.0.0.1:9000",
             reading);
    } else {
      if (!config.agent) config.agent.emplace();
      config.agent->url = *parsed;
    }
  }
  const auto capabilities = given(sources, "capability");
  if (!capabilities) return;
  if (!config.agent) {
    if (!url) refuse(*capabilities, "needs an agent; add --agent http://HOST:PORT", reading);
    return;
  }
  config.agent->descriptor.capabilities.clear();
  for (const std::string& name : capabilities->values) {
    if (!mesh::is_capability_name(name)) {
      refuse(*capabilities, "\"" + name + "\" is no capability name; write it like text.summarize",
             reading);
    }
    mesh::Capability capability;
    capability.name = name;
    config.agent->descriptor.capabilities.push_back(std::move(capability));
  }
}

void apply_flags(const ConfigSources& sources, NodeConfig& config, ConfigReading& reading) {
  NodeSettings settings(config);
  for (const std::string flag :
       {"name", "data", "mesh", "advertise", "api", "genesis", "invitation", "log", "log-level"}) {
    const auto value = given(sources, flag);
    if (value) refuse(*value, settings.set(flag, value->values.back()), reading);
  }
  if (const auto seeds = given(sources, "seed")) {
    refuse(*seeds, settings.set_seeds(seeds->values), reading);
  }
  apply_agent_flags(sources, config, reading);
}

base::Result<NodeConfig, ConfigErrors> finish(const std::optional<std::string>& text,
                                              const std::string& file,
                                              const ConfigSources& sources) {
  NodeConfig config;
  config.file = file;
  ConfigReading reading;
  reading.file = file;
  reading.environment = &sources.environment;
  if (text) read_file(*text, reading, config);
  apply_flags(sources, config, reading);
  if (!reading.errors.empty()) {
    std::ranges::stable_sort(reading.errors, {}, [&](const ConfigError& error) {
      return std::pair(error.file != file, error.line);  // as one reads; flags and variables last
    });
    return base::Unexpected{std::move(reading.errors)};
  }
  config.warnings = std::move(reading.warnings);
  return config;
}

}  // namespace

std::string ConfigError::text() const {
  std::string out = file;
  if (line > 0) out += (out.empty() ? "" : ":") + std::to_string(line);
  if (!out.empty()) out += ": ";
  if (!key.empty()) out += key + ": ";
  return out + what;
}

std::string text(const ConfigErrors& errors) {
  std::string out;
  for (const ConfigError& error : errors) out += (out.empty() ? "" : "\n") + error.text();
  return out;
}

std::vector<base::Endpoint> NodeConfig::seed_endpoints() const {
  std::vector<base::Endpoint> out;
  for (const std::string& seed : seeds) {
    if (const auto endpoint = base::Endpoint::parse(seed)) out.push_back(*endpoint);
  }
  return out;
}

std::vector<std::string> NodeConfig::seed_names() const {
  std::vector<std::string> out;
  for (const std::string& seed : seeds) {
    if (!base::Endpoint::parse(seed)) out.push_back(seed);
  }
  return out;
}

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

base::Result<NodeConfig, ConfigErrors> load_config(const ConfigSources& sources) {
  const auto named = given(sources, "config");
  if (!named) return finish(std::nullopt, "", sources);
  const std::string& file = named->values.back();
  std::ifstream stream(file, std::ios::binary);
  std::string text;
  if (stream) {
    text.resize(config_bytes_max + 1);
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(stream.gcount()));
  }
  if (!stream.is_open() || stream.bad()) {
    return base::Unexpected{
        ConfigErrors{{file, 0, "", "cannot be read; check its path and permissions"}}};
  }
  return finish(text, file, sources);
}

base::Result<NodeConfig, ConfigErrors> parse_config(const std::string& text,
                                                    const std::string& file,
                                                    const ConfigSources& sources) {
  return finish(text, file, sources);
}

std::vector<std::string> restart_keys(const NodeConfig& running, const NodeConfig& changed) {
  std::vector<std::string> out;
  const auto compare = [&out](const auto& a, const auto& b, const char* key) {
    if (a != b) out.emplace_back(key);
  };
  compare(running.name, changed.name, "node.name");
  compare(running.data, changed.data, "node.data");
  compare(running.mesh, changed.mesh, "node.mesh");
  compare(running.advertise, changed.advertise, "node.advertise");
  compare(running.api, changed.api, "node.api");
  compare(running.api_hosts, changed.api_hosts, "node.apiHosts");
  compare(running.seeds, changed.seeds, "node.seeds");
  compare(running.genesis, changed.genesis, "node.genesis");
  compare(running.invitation, changed.invitation, "node.invitation");
  compare(running.snapshot_after, changed.snapshot_after, "agreement.snapshotAfter");
  compare(running.log, changed.log, "node.log");
  compare(running.log_level, changed.log_level, "node.logLevel");
  return out;
}

}  // namespace node
