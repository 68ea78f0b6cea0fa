// A fleet of agents of which some are ten times slower than the others: what the callers' mean
// comes to, from the very first call on, beside what the fast ones take.
#pragma once

#include "base/time.h"
#include "mesh/policy_table.h"
#include "sim/headline/chains.h"

#include <cstdint>

namespace sim::headline {

struct FleetPlan {
  std::uint64_t seed = 1;
  std::uint32_t agents = 23;
  std::uint32_t slow = 6;  // 26 %
  std::uint32_t slow_by = 10;
  std::uint32_t places = 4;    // requests that an agent works on at once
  std::uint32_t declared = 4;  // that they say they do; 0: nothing
  base::Duration service_min = std::chrono::milliseconds(100);  // 150 in the middle
  base::Duration service_max = std::chrono::milliseconds(225);
  double load = 0.6;  // of what all agents together can do
  base::Duration
      moves_every{};          // so often one slow agent recovers and a fast one gets slow; 0: never
  std::uint32_t callers = 4;  // nodes
  std::uint32_t calls = 20'000;
  mesh::Policy policy;
  Play play = simulate;
};

struct FleetResult {
  std::uint32_t calls = 0;
  std::uint32_t good = 0;
  double mean_ms = 0;  // of all calls
  double p99_ms = 0;
  double fast_ms = 0;  // mean work of a fast agent, and one round trip to it
  double to_slow = 0;  // share of the attempts that went to agents that were slow then
  double attempts_per_call = 0;
  [[nodiscard]] double ratio() const { return fast_ms > 0 ? mean_ms / fast_ms : 0; }
};

[[nodiscard]] FleetResult run_fleet(const FleetPlan& plan, const Progress& progress = {});

}  // namespace sim::headline
