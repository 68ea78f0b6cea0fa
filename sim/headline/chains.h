// Chains of agents, each asked by the one before: how many come to a good end when agents call each
// other directly, and when every call goes through the mesh. The agents are the same in both, and
// so are their faults; what is measured is what the first caller got.
#pragma once

#include "base/time.h"
#include "mesh/policy_table.h"
#include "sim/agent_traits.h"
#include "sim/run.h"

#include <cstdint>
#include <functional>

namespace sim::headline {

// Is told how much of one measurement is done, 0 to 1.
using Progress = std::function<void(double share)>;
// Plays a scenario and tells what happened: the simulator, or real nodes (cli/stage/rehearsal.h).
using Play = std::function<void(const Scenario& scenario, const RunOptions& options)>;
void simulate(const Scenario& scenario, const RunOptions& options);

// An agent that does its work so many times in a million, and fails in all five ways. What is not
// named here does not fail.
[[nodiscard]] AgentTraits agent_of_95();
[[nodiscard]] AgentTraits agent_of_99();

struct ChainPlan {
  std::uint64_t seed = 1;
  std::uint32_t length = 10;    // agents that one chain passes
  std::uint32_t providers = 2;  // agents that can do each step
  std::uint32_t chains = 20'000;
  AgentTraits agent;
  base::Duration deadline = std::chrono::seconds(2);   // of the first caller
  base::Duration gap = std::chrono::milliseconds(10);  // mean between two chains
  mesh::Policy policy;
  Play play = simulate;
};

struct ChainResult {
  std::uint32_t chains = 0;
  std::uint32_t good = 0;
  std::uint64_t calls = 0;     // that agents made, the first caller's among them
  std::uint64_t attempts = 0;  // at agents, for all of these
  double mean_ms = 0;          // of the good ones
  double p50_ms = 0;
  double p99_ms = 0;

  [[nodiscard]] double success() const;
  [[nodiscard]] double attempts_per_call() const;
  // Runs of agents for each step of each chain: what repeated parts of chains cost as well.
  [[nodiscard]] double runs_per_step(std::uint32_t length) const;
};

// Without a mesh: each agent calls the next one's address. `providers` and `policy` mean nothing.
[[nodiscard]] ChainResult run_bare(const ChainPlan& plan);
[[nodiscard]] ChainResult run_chains(const ChainPlan& plan, const Progress& progress = {});

}  // namespace sim::headline
