#include "cli/scenario_file.h"
#include "cli/shared_options.h"
#include "cli/sim_agreement.h"
#include "cli/sim_rehearse.h"
#include "cli/stopwatch.h"
#include "cli/verbs.h"
#include "sim/run.h"
#include "sim/scenario.h"
#include "sim/scenario_generator.h"
#include "sim/shrink.h"
#include "sim/swarm.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <fstream>
#include <memory>

namespace cli {
namespace {

struct SimOptions {
  Format format = Format::table;
  std::uint32_t nodes = 0;
  std::uint64_t seed = 1;
  std::string profile;
  std::string file;  // of a scenario; "-" is standard input
  std::string out;   // where to write a scenario
  bool trace = false;
  bool twice = false;
  double minutes = 0;
  std::uint64_t seeds = 0;
};

Json optional_seconds(const std::optional<base::Duration>& duration) {
  return duration ? Json(base::in_seconds(*duration)) : Json();
}

Json described(const sim::Scenario& scenario, const sim::Outcome& outcome, double wall_seconds) {
  Json details = Json::array();
  for (const sim::Violation& violation : outcome.violations) {
    details.push_back({{"checker", violation.checker},
                       {"at_seconds", base::in_seconds(violation.at)},
                       {"text", violation.text}});
  }
  const sim::Figures& figures = outcome.figures;
  return Json{{"seed", scenario.seed},
              {"nodes", scenario.nodes},
              {"digest", outcome.digest.hex()},
              {"violations", outcome.violations.size()},
              {"simulated_seconds", base::in_seconds(figures.simulated)},
              {"wall_seconds", wall_seconds},
              {"events", figures.events},
              {"datagrams", figures.datagrams},
              {"datagram_bytes", figures.datagram_bytes},
              {"calls", figures.calls},
              {"calls_succeeded", figures.calls_succeeded},
              {"decisions", figures.decisions},
              {"views", figures.views},
              {"deaths", figures.deaths},
              {"false_deaths", figures.false_deaths},
              {"first_convergence_seconds", optional_seconds(figures.first_convergence)},
              {"settled_after_seconds", optional_seconds(figures.settled_after)},
              {"details", std::move(details)}};
}

int run_scenario(Console& console, const sim::Scenario& scenario, const SimOptions& options) {
  const Stopwatch watch;
  sim::Outcome outcome;
  {
    Progress progress(console, "sim seed " + std::to_string(scenario.seed));
    sim::RunOptions run_options;
    run_options.trace = options.trace;
    // Short runs are silent: they end before anybody would ask.
    run_options.progress = [&](base::Duration simulated, base::Duration total) {
      if (watch.seconds() < 2) return;
      progress.show(base::in_seconds(simulated) / std::max(base::in_seconds(total), 1e-9),
                    std::to_string(static_cast<int>(base::in_seconds(simulated))) + " s simulated");
    };
    outcome = sim::run(scenario, run_options);
  }
  console.out << render_object(described(scenario, outcome, watch.seconds()), options.format)
              << std::flush;
  if (options.trace) console.err << outcome.trace << std::flush;
  if (outcome.violations.empty()) return exit_done;
  const sim::Violation& first = outcome.violations.front();
  return fail(console, "the property " + first.checker + " does not hold: " + first.text);
}

bool is_agreement(const SimOptions& options) {
  return options.profile == "agreement" || options.profile == "twins";
}

AgreementSimOptions agreement_of(const SimOptions& options) {
  return {.format = options.format,
          .nodes = options.nodes,
          .seed = options.seed,
          .seeds = options.seeds,
          .minutes = options.minutes,
          .twice = options.twice,
          .trace = options.trace,
          .twins = options.profile == "twins"};
}

int sim_run(Console& console, const SimOptions& options) {
  if (is_agreement(options) && !options.out.empty()) {
    return fail_usage(console, "--scenario-out: a run of " + options.profile +
                                   " has no scenario, its seed is all there is to it");
  }
  if (is_agreement(options)) return run_agreement(console, agreement_of(options));
  const auto profile = sim::parse_profile(options.profile);
  if (!profile) return fail_usage(console, "--profile " + options.profile + " is not known");
  const sim::Scenario scenario = sim::make_scenario(*profile, options.nodes, options.seed);
  if (!options.out.empty()) {
    std::ofstream file(options.out);
    file << scenario.to_text();
    if (!file.flush()) return fail(console, "cannot write the scenario to " + options.out);
  }
  return run_scenario(console, scenario, options);
}

int sim_replay(Console& console, const SimOptions& options) {
  const auto scenario = read_scenario(options.file);
  if (!scenario) return fail_usage(console, scenario.error());
  return run_scenario(console, *scenario, options);
}

Json described(const sim::SwarmReport& report, const SimOptions& options, double wall_seconds) {
  Json details = Json::array();
  for (const sim::Violation& violation : report.first_violations) {
    details.push_back({{"checker", violation.checker}, {"text", violation.text}});
  }
  return Json{{"profile", options.profile},
              {"runs", report.runs},
              {"violations", report.violations},
              {"views", report.views},
              {"decisions", report.decisions},
              {"failing_seeds", report.failing_seeds},
              {"slowest_to_settle_seconds", base::in_seconds(report.slowest)},
              {"simulated_seconds", base::in_seconds(report.simulated)},
              {"wall_seconds", wall_seconds},
              {"events", report.events},
              {"not_covered", report.coverage.missing()},
              {"details", std::move(details)}};
}

int sim_swarm(Console& console, const SimOptions& options) {
  if (is_agreement(options)) return swarm_agreement(console, agreement_of(options));
  const auto profile = sim::parse_profile(options.profile);
  if (!profile) return fail_usage(console, "--profile " + options.profile + " is not known");
  catch_interrupt();
  const Stopwatch watch;
  const double limit = options.minutes * 60;
  sim::SwarmOptions swarm;
  swarm.profile = *profile;
  swarm.nodes = options.nodes;
  swarm.first_seed = options.seed;
  swarm.twice = options.twice;
  if (options.seeds > 0) swarm.seeds_max = options.seeds;
  swarm.stop = [&] { return interrupted() || (limit > 0 && watch.seconds() >= limit); };
  sim::SwarmReport report;
  {
    Progress progress(console, "swarm " + options.profile);
    std::uint64_t runs = 0;
    std::uint64_t failed = 0;
    swarm.observe = [&](std::uint64_t, const sim::Outcome& outcome) {
      ++runs;
      if (!outcome.violations.empty()) ++failed;
      const double by_seeds =
          options.seeds == 0 ? 0 : static_cast<double>(runs) / static_cast<double>(options.seeds);
      const double by_time = limit > 0 ? watch.seconds() / limit : 0;
      progress.show(std::max(by_seeds, by_time),
                    std::to_string(runs) + " runs, " + std::to_string(failed) + " failed");
    };
    report = sim::swarm(swarm);
  }
  console.out << render_object(described(report, options, watch.seconds()), options.format)
              << std::flush;
  if (report.violations == 0) return exit_done;
  return fail(console, "seed " + std::to_string(report.failing_seeds.front()) +
                           " violates a property; `parley sim shrink --profile " + options.profile +
                           " --seed " + std::to_string(report.failing_seeds.front()) +
                           "` makes it smaller");
}

int sim_shrink(Console& console, const SimOptions& options) {
  if (is_agreement(options) && options.file.empty()) {
    return fail_usage(console,
                      "--profile " + options.profile + ": its runs cannot be made smaller");
  }
  sim::Scenario scenario;
  if (!options.file.empty()) {
    auto read = read_scenario(options.file);
    if (!read) return fail_usage(console, read.error());
    scenario = std::move(*read);
  } else {
    const auto profile = sim::parse_profile(options.profile);
    if (!profile) return fail_usage(console, "--profile " + options.profile + " is not known");
    scenario = sim::make_scenario(*profile, options.nodes, options.seed);
  }
  catch_interrupt();
  sim::ShrinkOptions shrink;
  sim::Shrunk shrunk;
  {
    Progress progress(console, "shrink");
    double runs = 0;
    shrink.stop = [&] {
      progress.show(runs / shrink.runs_max, std::to_string(static_cast<int>(runs)) + " runs");
      ++runs;
      return interrupted();
    };
    shrunk = sim::shrink(scenario, shrink);
  }
  const std::string text = shrunk.scenario.to_text();
  if (!options.out.empty()) {
    std::ofstream file(options.out);
    file << text;
    if (!file.flush()) return fail(console, "cannot write the scenario to " + options.out);
  }
  if (options.format == Format::table) {
    console.out << text << std::flush;
  } else {
    const Json described{{"checker", shrunk.checker},
                         {"runs", shrunk.runs},
                         {"nodes", shrunk.scenario.nodes},
                         {"faults", shrunk.scenario.faults.size()},
                         {"calls", shrunk.scenario.workload.calls},
                         {"scenario", text}};
    console.out << render_object(described, options.format) << std::flush;
  }
  if (shrunk.checker.empty()) {
    return fail(console, "this scenario violates nothing, so there is nothing to shrink");
  }
  return exit_done;
}

using Runner = int (*)(Console&, const SimOptions&);

// `profile` is the default, "" if the verb takes none.
CLI::App* add_part(CLI::App& sim, Action& action, const std::shared_ptr<SimOptions>& options,
                   const char* name, const char* description, Runner runner) {
  CLI::App* verb = sim.add_subcommand(name, description);
  add_format_option(*verb, options->format);
  verb->callback([options, runner, &action] {
    action = [options, runner](Console& console) { return runner(console, *options); };
  });
  return verb;
}

void add_choice(CLI::App& verb, SimOptions& options, const char* profile) {
  options.profile = profile;
  verb.add_option("--nodes", options.nodes, "How many [the seed chooses]")
      ->check(CLI::Range(std::uint32_t{1}, sim::Scenario::nodes_max));
  add_count_option(
      verb, "--seed", [&options](std::uint64_t seed) { options.seed = seed; },
      "What everything follows from [1]");
  verb.add_option(
          "--profile", options.profile,
          "calm, gossip, calls, decisions, agreement, twins or all [" + options.profile + "]")
      ->check(CLI::IsMember({"calm", "gossip", "calls", "decisions", "agreement", "twins", "all"}));
}

void add_run(CLI::App& sim, Action& action) {
  auto options = std::make_shared<SimOptions>();  // owned by its callback
  CLI::App* verb = add_part(sim, action, options, "run", "Run one seed", sim_run);
  verb->footer("Example:\n  parley sim run --nodes 100 --seed 7 -o json");
  add_choice(*verb, *options, "calm");
  verb->add_flag("--trace", options->trace, "Write what happened last to stderr");
  verb->add_option("--scenario-out", options->out, "Write the scenario to a file, for replay");
}

void add_replay(CLI::App& sim, Action& action) {
  auto options = std::make_shared<SimOptions>();  // owned by its callback
  CLI::App* verb = add_part(sim, action, options, "replay", "Run a scenario's text", sim_replay);
  verb->footer("Example:\n  parley sim replay sim/regressions/one.scenario --trace");
  verb->add_option("file", options->file, "The scenario; - for standard input")->required();
  verb->add_flag("--trace", options->trace, "Write what happened last to stderr");
}

void add_swarm(CLI::App& sim, Action& action) {
  auto options = std::make_shared<SimOptions>();  // owned by its callback
  CLI::App* verb =
      add_part(sim, action, options, "swarm", "Search many seeds for a violation", sim_swarm);
  verb->footer("Example:\n  parley sim swarm --minutes 5 --profile gossip -o json");
  add_choice(*verb, *options, "all");
  auto* minutes =
      verb->add_option("--minutes", options->minutes, "How long")->check(CLI::PositiveNumber);
  auto* seeds =
      verb->add_option("--seeds", options->seeds, "How many seeds")->check(CLI::PositiveNumber);
  verb->add_flag("--twice", options->twice, "Run each seed twice, and compare the digests");
  verb->add_option_group("bound")->add_options(minutes, seeds);
}

void add_shrink(CLI::App& sim, Action& action) {
  auto options = std::make_shared<SimOptions>();  // owned by its callback
  CLI::App* verb =
      add_part(sim, action, options, "shrink", "Make a failing scenario smaller", sim_shrink);
  verb->footer(
      "Example:\n  parley sim shrink --profile gossip --seed 4711 --scenario-out bug.scenario");
  add_choice(*verb, *options, "all");
  verb->add_option("file", options->file, "A scenario, instead of a seed");
  verb->add_option("--scenario-out", options->out, "Write it to a file, too");
}

}  // namespace

void add_sim(CLI::App& app, Action& action) {
  CLI::App* sim = app.add_subcommand("sim", "The whole mesh in one process, deterministic");
  sim->footer("Example:\n  parley sim run --nodes 50 --seed 1 -o json");
  sim->require_subcommand(1);
  add_run(*sim, action);
  add_replay(*sim, action);
  add_swarm(*sim, action);
  add_shrink(*sim, action);
  add_rehearse(*sim, action);
}

}  // namespace cli
