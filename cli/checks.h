// What `parley check` looks at before a node is started: things that would stop it, or that it
// would work without but not well. Nothing is changed on disk, and every port is given back at
// once.
#pragma once

#include "node/config.h"

#include <string>
#include <vector>

namespace cli {

enum class CheckStatus { ok, warning, failed };

struct Check {
  std::string name;  // "keys", "port", ...
  CheckStatus status = CheckStatus::ok;
  std::string detail;  // one sentence: what was looked at; what is wrong and what to do
};

[[nodiscard]] std::vector<Check> run_checks(const node::NodeConfig& config);

// Each alone, for tests.
[[nodiscard]] std::vector<Check> check_data(const std::string& directory);
[[nodiscard]] Check check_port(const char* flag, const base::Endpoint& endpoint, bool udp);
[[nodiscard]] Check check_clock(std::int64_t unix_seconds, bool synchronised);
[[nodiscard]] Check check_reachable(const std::string& name, const std::string& address,
                                    CheckStatus otherwise);

}  // namespace cli
