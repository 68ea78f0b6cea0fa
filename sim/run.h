// Runs one scenario: first chaos, while the checkers look at every effect; then all faults end, and
// what is left running must settle within the scenario's patience.
#pragma once

#include "base/time.h"
#include "base/transition.h"
#include "consensus/options.h"
#include "sim/outcome.h"
#include "sim/scenario.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace sim {

// What a caller got.
struct CallResult {
  std::uint32_t call = 0;
  NodeIndex node = 0;
  base::Duration issued{};
  base::Duration took{};
  int status = 0;     // 0: the connection ended without a whole answer
  bool good = false;  // what an agent answers that did its work
};
// A node asks an agent on behalf of its own: a peer's, or its own one.
struct AttemptStarted {
  base::Duration at{};
  NodeIndex from = 0;
  NodeIndex to = 0;
  std::string_view capability;
  std::uint32_t call = 0;
  std::uint32_t attempt = 0;
};

struct RunOptions {
  bool trace = false;         // keep the trace even if nothing was violated
  bool stop_at_first = true;  // end with the first violation
  // Without, nothing is checked and no digest taken: for measurements.
  bool watch = true;
  consensus::Weakness weakness = consensus::Weakness::none;  // of agreement's rules, at all nodes
  std::function<void(const CallResult& result)> called = {};
  std::function<void(const AttemptStarted& started)> attempted = {};
  std::function<void(base::Duration at, NodeIndex node, const base::Transition& step)> stepped = {};
  // Is told, about once a simulated second, how far the run is; nothing = silent.
  std::function<void(base::Duration simulated, base::Duration total)> progress = {};
};

[[nodiscard]] Outcome run(const Scenario& scenario, const RunOptions& options = {});

}  // namespace sim
