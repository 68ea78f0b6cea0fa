// Runs one scenario: first chaos, while the checkers look at every effect; then all faults end, and
// what is left running must settle within the scenario's patience.
#pragma once

#include "sim/outcome.h"
#include "sim/scenario.h"

#include <functional>
#include <string>

namespace sim {

struct RunOptions {
  bool trace = false;         // keep the trace even if nothing was violated
  bool stop_at_first = true;  // end with the first violation
  // Is told, about once a simulated second, how far the run is; nothing = silent.
  std::function<void(base::Duration simulated, base::Duration total)> progress = {};
};

[[nodiscard]] Outcome run(const Scenario& scenario, const RunOptions& options = {});

}  // namespace sim
