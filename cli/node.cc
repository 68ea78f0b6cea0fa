#include "cli/node_flags.h"
#include "cli/verbs.h"
#include "node/run.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <memory>

namespace cli {
void add_node(CLI::App& app, Action& action) {
  auto flags = std::make_shared<node::Flags>();  // owned by the callback below
  CLI::App* verb = app.add_subcommand("node", "Run a node until SIGTERM or SIGINT, which drain it");
  verb->footer(
      "Each flag is also a key of the configuration file and a variable PARLEY_<FLAG>; a flag "
      "beats\n"
      "the variable, and that the file. Once it serves, one line is printed:\n"
      "  ready id=ID mesh=IP:PORT api=IP:PORT\n"
      "Examples:\n"
      "  parley node --name a --agent http://127.0.0.1:9001 --capability text.summarize\n"
      "  parley node --config parley.yaml");
  add_node_flags(*verb, *flags);
  verb->callback([flags, &action] {
    action = [flags](Console&) {
      return node::run_node({.flags = *flags, .environment = node::process_environment()});
    };
  });
}

}  // namespace cli
