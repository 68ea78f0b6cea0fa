// The command line: reads it, runs the verb, gives its exit code. One file a verb; verbs.h lists
// them.
#pragma once

#include "cli/console.h"

#include <string>
#include <vector>

namespace cli {

// `arguments` without the program's name. 0, 1 or 2, see console.h.
[[nodiscard]] int run(std::vector<std::string> arguments, Console& console);

}  // namespace cli
