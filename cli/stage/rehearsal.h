// A scenario of the simulator played by real nodes, in real time, on this machine: the same agents
// with the same ways to fail, the same policies, the same calls. What the agents draw is the same
// for the same request; which requests they get is up to the nodes.
//
// Only what this machine can play is taken: agents, policies, calls, and faults of agents. A
// scenario with other faults or with adversaries is refused.
#pragma once

#include "base/result.h"
#include "sim/run.h"
#include "sim/scenario.h"

#include <functional>
#include <string>

namespace cli::stage {

// `options` are told as by sim::run(), times counted from the scenario's start; what it checks is
// not checked here. The scenario's time before its first call passes without being waited for.
// `failed` is told the story of each call that came to no good end.
[[nodiscard]] base::Result<void, std::string> rehearse(
    const sim::Scenario& scenario, const sim::RunOptions& options,
    const std::function<void(const std::string& story)>& failed = {});

}  // namespace cli::stage
