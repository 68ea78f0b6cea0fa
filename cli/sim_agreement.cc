#include "cli/sim_agreement.h"

#include "cli/shared_options.h"
#include "cli/stopwatch.h"
#include "cli/verbs.h"
#include "sim/agreement/swarm.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <string>

namespace cli {
namespace {

Json described(const std::vector<sim::Violation>& violations) {
  Json details = Json::array();
  for (const sim::Violation& violation : violations) {
    details.push_back({{"checker", violation.checker},
                       {"at_seconds", base::in_seconds(violation.at)},
                       {"text", violation.text}});
  }
  return details;
}

// Three views of five instances: 16,384 runs.
constexpr std::uint32_t twins_views = 3;

sim::agreement::PlanOptions plan_of(const AgreementSimOptions& options) {
  sim::agreement::PlanOptions plan;
  plan.members = options.nodes;
  plan.trace = options.trace;
  if (options.twins) plan.twins_views = twins_views;
  return plan;
}

}  // namespace

int run_agreement(Console& console, const AgreementSimOptions& options) {
  const Stopwatch watch;
  const sim::agreement::RunResult result = sim::agreement::run_seed(options.seed, plan_of(options));
  const sim::agreement::RunFigures& figures = result.figures;
  const Json shown{{"seed", options.seed},
                   {"digest", result.digest.hex()},
                   {"violations", result.violations.size()},
                   {"views", figures.views},
                   {"decisions", figures.decisions},
                   {"epochs", figures.epochs},
                   {"evidence", figures.evidence},
                   {"messages", figures.messages},
                   {"events", figures.events},
                   {"simulated_seconds", base::in_seconds(figures.simulated)},
                   {"settled_after_seconds", base::in_seconds(figures.settled_after)},
                   {"wall_seconds", watch.seconds()},
                   {"details", described(result.violations)}};
  console.out << render_object(shown, options.format) << std::flush;
  console.err << result.trace;
  if (result.violations.empty()) return exit_done;
  const sim::Violation& first = result.violations.front();
  return fail(console, "the property " + first.checker + " does not hold: " + first.text);
}

int swarm_agreement(Console& console, const AgreementSimOptions& options) {
  catch_interrupt();
  const Stopwatch watch;
  const double limit = options.minutes * 60;
  sim::agreement::SwarmOptions swarm;
  swarm.first_seed = options.seed;
  swarm.plan = plan_of(options);
  if (options.twins) swarm.seeds_max = sim::agreement::twins_plans(twins_views);
  swarm.twice = options.twice;
  if (options.seeds > 0) swarm.seeds_max = options.seeds;
  swarm.stop = [&] { return interrupted() || (limit > 0 && watch.seconds() >= limit); };
  sim::agreement::SwarmReport report;
  {
    Progress progress(console, "swarm agreement");
    std::uint64_t runs = 0;
    std::uint64_t failed = 0;
    swarm.observe = [&](std::uint64_t, const sim::agreement::RunResult& result) {
      ++runs;
      if (!result.violations.empty()) ++failed;
      const double by_seeds =
          options.seeds == 0 ? 0 : static_cast<double>(runs) / static_cast<double>(options.seeds);
      const double by_time = limit > 0 ? watch.seconds() / limit : 0;
      progress.show(std::max(by_seeds, by_time),
                    std::to_string(runs) + " runs, " + std::to_string(failed) + " failed");
    };
    report = sim::agreement::swarm(swarm);
  }
  const std::string profile = options.twins ? "twins" : "agreement";
  const Json shown{{"profile", profile},
                   {"runs", report.runs},
                   {"violations", report.violations},
                   {"views", report.sum.views},
                   {"decisions", report.sum.decisions},
                   {"epochs", report.sum.epochs},
                   {"evidence", report.sum.evidence},
                   {"good_cases", report.sum.prompt},
                   {"failing_seeds", report.failing_seeds},
                   {"simulated_seconds", base::in_seconds(report.sum.simulated)},
                   {"slowest_to_settle_seconds", base::in_seconds(report.slowest)},
                   {"wall_seconds", watch.seconds()},
                   {"events", report.sum.events},
                   {"details", described(report.first_violations)}};
  console.out << render_object(shown, options.format) << std::flush;
  if (report.violations == 0) return exit_done;
  const std::string seed = std::to_string(report.failing_seeds.front());
  return fail(console, "seed " + seed + " violates a property; `parley sim run --profile " +
                           profile + " --seed " + seed + "` shows it");
}

}  // namespace cli
