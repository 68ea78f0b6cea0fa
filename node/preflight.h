// The checks behind `parley check`: would a node start here with this configuration, and would it
// find others? Each says what it looked at and, if it does not hold, what to do. Blocks for a few
// seconds at most; changes nothing but the data directory, which it makes if it is missing.
#pragma once

#include "node/config.h"

#include <cstdint>
#include <string>
#include <vector>

namespace node {

struct CheckResult {
  enum class Outcome : std::uint8_t { ok, warning, failed };

  std::string name;  // "configuration", "data directory", "identity key", ...
  Outcome outcome = Outcome::ok;
  std::string detail;  // what was found
  std::string hint;    // what to do; "" when it is well
};

[[nodiscard]] std::vector<CheckResult> preflight(const ConfigSources& sources);
// 1 if any failed, 2 if that was the configuration itself, else 0.
[[nodiscard]] int exit_code(const std::vector<CheckResult>& results);

}  // namespace node
