#include "cli/command.h"
#include "cli/verbs.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <memory>

namespace cli {

void add_leave(CLI::App& app, Action& action) {
  auto options = std::make_shared<CommandOptions>();  // owned by the callback below
  CLI::App* verb =
      app.add_subcommand("leave", "Finish the calls in flight, leave the mesh, and end the node");
  verb->footer("Example:\n  parley leave --api 127.0.0.1:7401");
  add_command_options(*verb, *options);
  verb->callback([options, &action] {
    action = [options](Console& console) {
      return send_command(console, *options, "/v1/leave", "");
    };
  });
}

}  // namespace cli
