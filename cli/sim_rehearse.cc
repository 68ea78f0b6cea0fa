#include "cli/sim_rehearse.h"

#include "cli/load.h"
#include "cli/report.h"
#include "cli/scenario_file.h"
#include "cli/shared_options.h"
#include "cli/stage/rehearsal.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Option.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace cli {
namespace {

constexpr std::uint32_t stories_max = 20;  // of calls that failed

struct RehearseOptions {
  Format format = Format::table;
  std::string file;
  bool simulated = false;
};

struct Figures {
  std::uint64_t calls = 0;
  std::uint64_t good = 0;
  std::uint64_t asked = 0;                // calls that reached an agent, those of agents included
  std::uint64_t attempts = 0;             // at agents, for all of these
  std::vector<base::Duration> latencies;  // of the good ones
};

Json described(Figures figures) {
  std::sort(figures.latencies.begin(), figures.latencies.end());
  base::Duration sum{};
  for (const base::Duration latency : figures.latencies) sum += latency;
  const auto good = static_cast<double>(figures.good);
  const auto share = [](double part, std::uint64_t whole) {
    return whole == 0 ? 0.0 : part / static_cast<double>(whole);
  };
  return Json{{"calls", figures.calls},
              {"succeeded", figures.good},
              {"success", share(good, figures.calls)},
              {"attempts", figures.attempts},
              {"attempts_per_call", share(static_cast<double>(figures.attempts), figures.asked)},
              {"mean_ms", share(base::in_milliseconds(sum), figures.good)},
              {"p50_ms", base::in_milliseconds(percentile(figures.latencies, 0.50))},
              {"p99_ms", base::in_milliseconds(percentile(figures.latencies, 0.99))}};
}

int rehearse(Console& console, const RehearseOptions& options) {
  const auto scenario = read_scenario(options.file);
  if (!scenario) return fail_usage(console, scenario.error());
  catch_interrupt();
  Figures figures;
  Progress progress(console, "rehearse");
  sim::RunOptions run;
  run.watch = false;
  run.called = [&figures](const sim::CallResult& result) {
    ++figures.calls;
    if (!result.good) return;
    ++figures.good;
    figures.latencies.push_back(result.took);
  };
  run.attempted = [&figures](const sim::AttemptStarted& started) {
    ++figures.attempts;
    if (started.attempt == 1) ++figures.asked;
  };
  run.progress = [&](base::Duration at, base::Duration whole) {
    progress.show(std::min(1.0, base::in_milliseconds(at) / base::in_milliseconds(whole)),
                  std::to_string(figures.calls) + " calls");
  };
  std::uint32_t told = 0;
  const auto failed = [&](const std::string& story) {
    if (told++ < stories_max) console.err << "a failed " << story << std::flush;
  };
  if (options.simulated) {
    (void)sim::run(*scenario, run);
  } else if (auto played = stage::rehearse(*scenario, run, failed); !played) {
    return fail(console, played.error());
  }
  console.out << render_object(described(std::move(figures)), options.format) << std::flush;
  return exit_done;
}

}  // namespace

void add_rehearse(CLI::App& sim, Action& action) {
  auto options = std::make_shared<RehearseOptions>();  // owned by the callback below
  CLI::App* verb = sim.add_subcommand("rehearse", "Play a scenario with real nodes");
  verb->footer(
      "Starts a node for each of the scenario's on this machine, plays their agents and makes the\n"
      "calls, in real time. Agents, policies, calls and faults of agents are played; nothing "
      "else.\n"
      "Example:\n  parley sim rehearse examples/scenarios/chain.scenario -o json");
  verb->add_option("file", options->file, "The scenario; - for standard input")->required();
  verb->add_flag("--simulated", options->simulated,
                 "Print the same figures from the simulator, to compare");
  add_format_option(*verb, options->format);
  verb->callback([options, &action] {
    action = [options](Console& console) { return rehearse(console, *options); };
  });
}

}  // namespace cli
