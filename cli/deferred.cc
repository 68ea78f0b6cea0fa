#include "cli/verbs.h"
#include "cli/view.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <memory>

namespace cli {

void add_deferred(CLI::App& app, Action& action) {
  auto options = std::make_shared<ViewOptions>();  // owned by the callback below
  CLI::App* verb =
      app.add_subcommand("deferred", "Calls that this node keeps for a later delivery");
  verb->footer("Example:\n  parley deferred");
  add_view_options(*verb, *options);
  verb->callback([options, &action] {
    action = [options](Console& console) {
      const View view{.target = "/v1/deferred",
                      .columns = {{"ID", "id", 8},
                                  {"CAPABILITY", "capability"},
                                  {"STATE", "state"},
                                  {"TRIES", "tries"},
                                  {"AGE S", "age_seconds"},
                                  {"EXPIRES S", "expires_seconds"},
                                  {"STATUS", "status"},
                                  {"PROBLEM", "problem"}},
                      .identity = {"id"}};
      return show_view(console, view, *options);
    };
  });
}

}  // namespace cli
