// `parley sim rehearse`: a scenario played by real nodes.
#pragma once

#include "cli/console.h"

namespace CLI {
class App;
}

namespace cli {

void add_rehearse(CLI::App& sim, Action& action);

}  // namespace cli
