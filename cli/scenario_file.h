// Scenarios of the simulator as files.
#pragma once

#include "base/result.h"
#include "sim/scenario.h"

#include <string>

namespace cli {

// `name` is a path, or "-" for standard input. The error says where and what.
[[nodiscard]] base::Result<sim::Scenario, std::string> read_scenario(const std::string& name);

}  // namespace cli
