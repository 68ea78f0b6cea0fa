// The `policies:` list: which calls an entry is for, who they go to, and what else its blocks say
// (config_resilience.h). All of it is read and checked; what is wrong is refused with what to do.
#pragma once

#include "mesh/options.h"
#include "node/config_block.h"

#include <string>
#include <vector>

namespace node {

// A name in which `*` stands for any run of characters.
[[nodiscard]] bool is_capability_pattern(const std::string& pattern);
[[nodiscard]] std::vector<mesh::Policy> read_policies(const ConfigBlock& file);

}  // namespace node
