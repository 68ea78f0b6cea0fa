#include "sim/swarm.h"

#include "sim/scenario_generator.h"

#include <algorithm>

namespace sim {

namespace {

Outcome run_seed(const SwarmOptions& options, std::uint64_t seed) {
  const Scenario scenario = make_scenario(options.profile, options.nodes, seed);
  Outcome outcome = options.run(scenario);
  if (options.twice) {
    const Outcome again = options.run(scenario);
    if (again.digest != outcome.digest) {
      outcome.violations.push_back({.checker = "determinism",
                                    .at = outcome.figures.simulated,
                                    .text = "two runs of this seed differ"});
    }
  }
  return outcome;
}

}  // namespace

SwarmReport swarm(const SwarmOptions& options) {
  SwarmReport report;
  for (std::uint64_t i = 0; i < options.seeds_max; ++i) {
    if (options.stop && options.stop()) break;
    const std::uint64_t seed = options.first_seed + i;
    const Outcome outcome = run_seed(options, seed);
    ++report.runs;
    report.violations += outcome.violations.size();
    report.simulated += outcome.figures.simulated;
    report.slowest =
        std::max(report.slowest, outcome.figures.settled_after.value_or(base::Duration{}));
    report.events += outcome.figures.events;
    report.views += outcome.figures.views;
    report.decisions += outcome.figures.decisions;
    report.coverage.merge(outcome.coverage);
    if (!outcome.violations.empty() &&
        report.failing_seeds.size() < SwarmReport::failing_seeds_max) {
      report.failing_seeds.push_back(seed);
      report.first_violations.push_back(outcome.violations.front());
    }
    if (options.observe) options.observe(seed, outcome);
  }
  return report;
}

}  // namespace sim
