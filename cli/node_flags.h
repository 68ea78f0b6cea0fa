// The flags that say how a node is configured, for the verbs `node` and `check`.
#pragma once

#include "cli/console.h"
#include "node/config.h"

namespace CLI {
class App;
}

namespace cli {

// What is given on the command line ends in `flags`, under the names that node/config reads.
void add_node_flags(CLI::App& verb, node::Flags& flags);

// One line an error; exit_usage.
int fail_config(Console& console, const node::ConfigErrors& errors);

}  // namespace cli
