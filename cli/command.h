// A verb that tells its node to do something, and prints what the node answers.
#pragma once

#include "cli/console.h"
#include "cli/report.h"

#include <string>

namespace CLI {
class App;
}

namespace cli {

struct CommandOptions {
  std::string api;
  Format format = Format::table;
};

void add_command_options(CLI::App& verb, CommandOptions& options);
// POST; `body` is JSON text, or "" for none.
[[nodiscard]] int send_command(Console& console, const CommandOptions& options,
                               const std::string& target, const std::string& body);

}  // namespace cli
