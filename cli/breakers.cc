#include "cli/verbs.h"
#include "cli/view.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <memory>

namespace cli {

void add_breakers(CLI::App& app, Action& action) {
  auto options = std::make_shared<ViewOptions>();  // owned by the callback below
  CLI::App* verb = app.add_subcommand("breakers", "Circuit breakers that are not closed");
  verb->footer("Example:\n  parley breakers");
  add_view_options(*verb, *options);
  verb->callback([options, &action] {
    action = [options](Console& console) {
      const View view{
          .target = "/v1/breakers",
          .columns = {{"AGENT", "agent"}, {"CAPABILITY", "capability"}, {"STATE", "state"}},
          .identity = {"agent", "capability"}};
      return show_view(console, view, *options);
    };
  });
}

}  // namespace cli
