// The life of `parley node`: from a configuration to an exit code.
#pragma once

#include "node/config.h"

namespace node {

// Reads the configuration, then runs until SIGTERM or SIGINT, which drain the node. 0: drained and
// left; 1: failed at run time; 2: the configuration cannot work. Errors are on stderr, one a line.
[[nodiscard]] int run_node(const ConfigSources& sources);

}  // namespace node
