// Many seeds of agreement, one after the other, and what they came to. Has no clock: the caller
// says when it is enough.
#pragma once

#include "sim/agreement/plan.h"
#include "sim/agreement/world.h"

#include <cstdint>
#include <functional>
#include <vector>

namespace sim::agreement {

[[nodiscard]] RunResult run_seed(std::uint64_t seed, const PlanOptions& options);

struct SwarmOptions {
  std::uint64_t first_seed = 1;
  std::uint64_t seeds_max = UINT64_MAX;
  PlanOptions plan = {};
  bool twice = false;  // run each seed twice and compare the digests
  bool stop_at_first = false;
  // How a seed is run; another one only to show that differences are seen.
  std::function<RunResult(std::uint64_t seed, const PlanOptions& options)> run = run_seed;
  // Asked before each run; true ends the swarm. Nothing = only seeds_max ends it.
  std::function<bool()> stop = {};
  std::function<void(std::uint64_t seed, const RunResult& result)> observe = {};
};

struct SwarmReport {
  std::uint64_t runs = 0;
  std::uint64_t violations = 0;
  std::vector<std::uint64_t> failing_seeds;  // at most failing_seeds_max
  std::vector<Violation> first_violations;   // of each of those
  RunFigures sum;
  base::Duration slowest{};  // from the end of chaos until settled

  static constexpr std::size_t failing_seeds_max = 100;
};

[[nodiscard]] SwarmReport swarm(const SwarmOptions& options);

}  // namespace sim::agreement
