#include "cli/verbs.h"
#include "cli/view.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <memory>

namespace cli {

void add_members(CLI::App& app, Action& action) {
  auto options = std::make_shared<ViewOptions>();  // owned by the callback below
  CLI::App* verb = app.add_subcommand("members", "Members of the mesh, as this node sees them");
  verb->footer("Example:\n  parley members --watch");
  add_view_options(*verb, *options);
  verb->callback([options, &action] {
    action = [options](Console& console) {
      const View view{.target = "/v1/members",
                      .columns = {{"NAME", "name"},
                                  {"ID", "id", 8},
                                  {"STATE", "state"},
                                  {"ADDRESS", "address"},
                                  {"AGENT", "agent"},
                                  {"IN FLIGHT", "load.in_flight"},
                                  {"LATENCY MS", "load.latency_ms"},
                                  {"RTT MS", "rtt_ms"},
                                  {"VERSION", "version"},
                                  {"SINCE S", "since_seconds"}},
                      .identity = {"id"}};
      return show_view(console, view, *options);
    };
  });
}

}  // namespace cli
