// The `policies:` list. All of it is read and checked; what this version does not act on yet is
// told as a warning, and a route policy that it cannot follow is refused.
#pragma once

#include "mesh/options.h"
#include "node/config_block.h"

#include <vector>

namespace node {

[[nodiscard]] std::vector<mesh::Policy> read_policies(const ConfigBlock& file);

}  // namespace node
