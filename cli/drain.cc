#include "cli/command.h"
#include "cli/verbs.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <memory>

namespace cli {

void add_drain(CLI::App& app, Action& action) {
  auto options = std::make_shared<CommandOptions>();  // owned by the callback below
  CLI::App* verb = app.add_subcommand(
      "drain", "Take no new calls, but stay a member; `parley resume` takes them again");
  verb->footer("Example:\n  parley drain");
  add_command_options(*verb, *options);
  verb->callback([options, &action] {
    action = [options](Console& console) {
      return send_command(console, *options, "/v1/drain", "");
    };
  });
}

}  // namespace cli
