#include "sim/agreement/swarm.h"

#include <algorithm>

namespace sim::agreement {

RunResult run_seed(std::uint64_t seed, const PlanOptions& options) {
  const Plan plan = make_plan(seed, options);
  World world(plan);
  return world.run();
}

SwarmReport swarm(const SwarmOptions& options) {
  SwarmReport report;
  for (std::uint64_t i = 0; i < options.seeds_max; ++i) {
    if (options.stop && options.stop()) break;
    const std::uint64_t seed = options.first_seed + i;
    RunResult result = options.run(seed, options.plan);
    if (options.twice && options.run(seed, options.plan).digest != result.digest) {
      result.violations.push_back(
          {.checker = "I23 determinism", .at = {}, .text = "two runs of one seed differ"});
    }
    ++report.runs;
    report.sum.events += result.figures.events;
    report.sum.messages += result.figures.messages;
    report.sum.views += result.figures.views;
    report.sum.decisions += result.figures.decisions;
    report.sum.epochs += result.figures.epochs;
    report.sum.evidence += result.figures.evidence;
    report.sum.prompt += result.figures.prompt;
    report.sum.simulated += result.figures.simulated;
    report.slowest = std::max(report.slowest, result.figures.settled_after);
    report.violations += result.violations.size();
    if (!result.violations.empty() &&
        report.failing_seeds.size() < SwarmReport::failing_seeds_max) {
      report.failing_seeds.push_back(seed);
      report.first_violations.push_back(result.violations.front());
    }
    if (options.observe) options.observe(seed, result);
    if (options.stop_at_first && report.violations > 0) break;
  }
  return report;
}

}  // namespace sim::agreement
