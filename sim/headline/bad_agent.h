// A chain of agents of which one step has three; one of these fails at everything for a while, and
// its health checks see nothing. Whether the first caller notices, what still goes to the bad agent
// once a caller's breaker has opened, and how long after its recovery it is asked again.
#pragma once

#include "base/time.h"
#include "mesh/policy_table.h"
#include "sim/headline/chains.h"

#include <cstdint>

namespace sim::headline {

struct BadAgentPlan {
  std::uint64_t seed = 1;
  std::uint32_t length = 10;
  std::uint32_t providers = 3;  // of each step
  base::Duration before = std::chrono::seconds(20);
  base::Duration bad_for = std::chrono::seconds(60);
  base::Duration after = std::chrono::seconds(60);
  base::Duration gap = std::chrono::milliseconds(20);
  mesh::Policy policy;
  Play play = simulate;
};

struct BadAgentResult {
  std::uint32_t chains = 0;          // during the bad time
  std::uint32_t visible_errors = 0;  // of all chains
  std::uint64_t asked_bad = 0;       // attempts there while it was bad
  std::uint64_t leaked = 0;          // of these, by callers whose breaker had opened by then
  std::uint64_t probes = 0;          // of these, while that was half open
  base::Duration trips_after{};      // until the last of its callers' breakers had opened
  base::Duration back_after{};       // from its recovery until all were closed again; 0: never
  double mean_before_ms = 0;         // of chains
  double mean_during_ms = 0;
};

[[nodiscard]] BadAgentResult run_bad_agent(const BadAgentPlan& plan, const Progress& progress = {});

}  // namespace sim::headline
