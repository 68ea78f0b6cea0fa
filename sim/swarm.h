// Runs many seeds and adds up what they showed. Has no clock: the caller says when it is enough.
#pragma once

#include "sim/coverage.h"
#include "sim/outcome.h"
#include "sim/run.h"
#include "sim/scenario.h"

#include <cstdint>
#include <functional>
#include <vector>

namespace sim {

struct SwarmOptions {
  Profile profile = Profile::all;
  std::uint32_t nodes = 0;  // 0: each seed chooses
  std::uint64_t first_seed = 1;
  std::uint64_t seeds_max = UINT64_MAX;
  bool twice = false;  // run each seed twice and compare the digests
  // How a scenario is run; another way only to show that differences are seen.
  std::function<Outcome(const Scenario& scenario)> run = [](const Scenario& scenario) {
    return sim::run(scenario);
  };
  // Asked before each run; true ends the swarm. Nothing = only seeds_max ends it.
  std::function<bool()> stop = {};
  // Told after each run.
  std::function<void(std::uint64_t seed, const Outcome& outcome)> observe = {};
};

struct SwarmReport {
  std::uint64_t runs = 0;
  std::uint64_t violations = 0;
  std::uint64_t views = 0;                   // of agreement
  std::uint64_t decisions = 0;               // ops
  std::vector<std::uint64_t> failing_seeds;  // at most failing_seeds_max
  std::vector<Violation> first_violations;   // of each of those seeds
  base::Duration simulated{};
  base::Duration slowest{};  // from the end of chaos until all was as it should be
  std::uint64_t events = 0;
  Coverage coverage;

  static constexpr std::size_t failing_seeds_max = 100;
};

[[nodiscard]] SwarmReport swarm(const SwarmOptions& options);

}  // namespace sim
