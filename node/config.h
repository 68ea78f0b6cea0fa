// The configuration of a node: flags beat the environment (PARLEY_<FLAG>), which beats the YAML
// file, which beats the defaults. Keys are camelCase, durations `500ms`, `${VAR}` and
// `${VAR:default}` are replaced in values. Nothing is guessed: an unknown key is an error that
// names the nearest known one, all errors of a file are told at once, and what is read
// but not acted on is a warning. docs/reference/config.schema.json says the same for editors.
#pragma once

#include "base/endpoint.h"
#include "base/result.h"
#include "base/transition.h"
#include "mesh/descriptor.h"
#include "mesh/options.h"
#include "transport/agent_client.h"

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace node {

struct ConfigError {
  std::string file;  // or "--flag", or "PARLEY_NAME", with line 0
  int line = 0;      // from 1; 0 = unknown
  std::string key;   // "agent.capabilities[0].version", or ""
  std::string what;  // what is wrong; what to do

  // "parley.yaml:14: agent.url: is no URL; write http://HOST:PORT"
  [[nodiscard]] std::string text() const;
  bool operator==(const ConfigError&) const = default;
};
using ConfigErrors = std::vector<ConfigError>;
[[nodiscard]] std::string text(const ConfigErrors& errors);  // one a line

struct AgentConfig {
  transport::AgentUrl url;
  mesh::AgentDescriptor descriptor;

  bool operator==(const AgentConfig&) const = default;
};

enum class LogFormat : std::uint8_t { text, json };

struct NodeConfig {
  std::string file;  // "" = none
  std::string name;  // "" = the first part of the node's id
  std::string data = "./data";
  base::Endpoint mesh = base::Endpoint::v4({0, 0, 0, 0}, 7400);
  base::Endpoint api = base::Endpoint::v4({127, 0, 0, 1}, 7401);
  std::string advertise;  // HOST:PORT, a name is looked up at the start; "" = found out
  std::vector<std::string> api_hosts;     // names beside the addresses that the API answers to
  std::vector<std::string> seeds;         // host:port
  std::string genesis;                    // a file; "" = the open mesh `default`
  std::string invitation;                 // "pi1:...", "" = none
  std::uint64_t snapshot_after = 50'000;  // decided blocks
  LogFormat log = LogFormat::text;
  base::Severity log_level = base::Severity::info;
  std::optional<AgentConfig> agent;
  mesh::Options policies;
  std::vector<std::string> warnings;  // one sentence each, with file, line and key

  [[nodiscard]] std::vector<base::Endpoint> seed_endpoints() const;  // those given by address
  [[nodiscard]] std::vector<std::string> seed_names() const;         // those to look up
};

// What the person gave beside the file. By flag without its dashes: "name", "data", "mesh",
// "advertise", "api", "seed", "genesis", "invitation", "agent", "capability", "log", "log-level",
// "config".
using Flags = std::map<std::string, std::vector<std::string>>;
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
[[nodiscard]] Environment process_environment();

struct ConfigSources {
  Flags flags;
  Environment environment = process_environment();
};

constexpr std::size_t config_bytes_max = std::size_t{1024} * 1024;

// Reads the file that the flag or variable `config` names, if any, and everything else.
[[nodiscard]] base::Result<NodeConfig, ConfigErrors> load_config(const ConfigSources& sources);
// As if `text` were the content of `file`: what a changed file would mean.
[[nodiscard]] base::Result<NodeConfig, ConfigErrors> parse_config(const std::string& text,
                                                                  const std::string& file,
                                                                  const ConfigSources& sources);
// The keys that differ and are not below `agent` or `policies`: they wait for a restart.
[[nodiscard]] std::vector<std::string> restart_keys(const NodeConfig& running,
                                                    const NodeConfig& changed);

// An `agent:` block as JSON, as PUT /v1/agent takes it; the error is one sentence for people.
[[nodiscard]] base::Result<AgentConfig, std::string> parse_agent_json(std::string_view json);
[[nodiscard]] std::string agent_json(const AgentConfig& agent);
[[nodiscard]] std::string url_text(const transport::AgentUrl& url);

}  // namespace node
