#include "cli/checks.h"
#include "cli/node_flags.h"
#include "cli/shared_options.h"
#include "cli/verbs.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>

namespace cli {
namespace {

struct CheckOptions {
  node::Flags flags;
  Format format = Format::table;
};

std::string_view to_string(CheckStatus status) {
  switch (status) {
    case CheckStatus::ok:
      return "ok";
    case CheckStatus::warning:
      return "warning";
    case CheckStatus::failed:
      return "failed";
  }
  return "failed";
}

int check(Console& console, const CheckOptions& options) {
  const auto config =
      node::load_config({.flags = options.flags, .environment = node::process_environment()});
  if (!config) return fail_config(console, config.error());
  const std::vector<Check> checks = run_checks(*config);
  Json rows = Json::array();
  for (const Check& done : checks) {
    rows.push_back(
        {{"check", done.name}, {"status", to_string(done.status)}, {"detail", done.detail}});
  }
  console.out << render_rows(rows, {{"STATUS", "status"}, {"CHECK", "check"}, {"DETAIL", "detail"}},
                             options.format)
              << std::flush;
  const auto failed = std::count_if(checks.begin(), checks.end(), [](const Check& done) {
    return done.status == CheckStatus::failed;
  });
  if (failed == 0) return exit_done;
  return fail(console, std::to_string(failed) + " of " + std::to_string(checks.size()) +
                           " checks failed; the list above says which and what to do");
}

}  // namespace

void add_check(CLI::App& app, Action& action) {
  auto options = std::make_shared<CheckOptions>();  // owned by the callback below
  CLI::App* verb = app.add_subcommand(
      "check", "Look whether a node could run here: configuration, keys, ports, clock, seeds");
  verb->footer(
      "Takes the flags of `parley node`. Changes nothing. Exit code 1 if a check fails, 2 if the\n"
      "configuration is wrong.\n"
      "Example:\n  parley check --config parley.yaml");
  add_node_flags(*verb, options->flags);
  add_format_option(*verb, options->format);
  verb->callback([options, &action] {
    action = [options](Console& console) { return check(console, *options); };
  });
}

}  // namespace cli
