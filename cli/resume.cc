#include "cli/command.h"
#include "cli/verbs.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <memory>

namespace cli {

void add_resume(CLI::App& app, Action& action) {
  auto options = std::make_shared<CommandOptions>();  // owned by the callback below
  CLI::App* verb = app.add_subcommand("resume", "Take calls again after a drain");
  verb->footer("Example:\n  parley resume");
  add_command_options(*verb, *options);
  verb->callback([options, &action] {
    action = [options](Console& console) {
      return send_command(console, *options, "/v1/resume", "");
    };
  });
}

}  // namespace cli
