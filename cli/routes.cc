#include "cli/api_client.h"
#include "cli/verbs.h"
#include "cli/view.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <memory>

namespace cli {
namespace {

struct RoutesOptions {
  ViewOptions view;
  std::string capability;
  std::string require;
};

int show_routes(Console& console, const RoutesOptions& options) {
  std::string target = "/v1/routes/" + percent_encoded(options.capability);
  if (!options.require.empty()) target += "?require=" + percent_encoded(options.require);
  const View view{.target = std::move(target),
                  .columns = {{"NAME", "name"},
                              {"NODE", "node", 8},
                              {"VERDICT", "verdict"},
                              {"STATE", "state"},
                              {"EXPECTED MS", "expected_latency_ms"},
                              {"OUTSTANDING", "outstanding"},
                              {"SUCCESS", "success"},
                              {"QUALITY", "quality"},
                              {"COST", "cost"},
                              {"BREAKER", "breaker"},
                              {"VERSION", "version"},
                              {"PROFICIENCY", "proficiency"},
                              {"REASONS", "reasons"}},
                  .identity = {"node"},
                  .none = "no agent of this mesh offers '" + options.capability +
                          "'; `parley capabilities` lists what they offer"};
  return show_view(console, view, options.view);
}

}  // namespace

void add_routes(CLI::App& app, Action& action) {
  auto options = std::make_shared<RoutesOptions>();  // owned by the callback below
  CLI::App* verb = app.add_subcommand("routes", "Where a call would go now, and why not elsewhere");
  verb->footer("Example:\n  parley routes inventory.lookup --require 'warehouse=A'");
  verb->add_option("capability", options->capability, "Its dotted name")->required();
  verb->add_option("--require", options->require, "As the header Parley-Require")
      ->type_name("REQUIREMENTS");
  add_view_options(*verb, options->view);
  verb->callback([options, &action] {
    action = [options](Console& console) { return show_routes(console, *options); };
  });
}

}  // namespace cli
