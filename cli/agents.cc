#include "cli/verbs.h"
#include "cli/view.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <memory>

namespace cli {

void add_agents(CLI::App& app, Action& action) {
  auto options = std::make_shared<ViewOptions>();  // owned by the callback below
  CLI::App* verb = app.add_subcommand("agents", "Agents of the mesh, and what they can do");
  verb->footer("Example:\n  parley agents -o json");
  add_view_options(*verb, *options);
  verb->callback([options, &action] {
    action = [options](Console& console) {
      const View view{.target = "/v1/agents",
                      .columns = {{"NAME", "name"},
                                  {"NODE", "node", 8},
                                  {"STATE", "state"},
                                  {"IN FLIGHT", "load.in_flight"},
                                  {"CONCURRENCY", "load.concurrency"},
                                  {"CAPABILITIES", "capabilities"}},
                      .identity = {"node"}};
      return show_view(console, view, *options);
    };
  });
}

}  // namespace cli
