// The blocks of a policy that say what happens when an agent is slow, full or failing: timeouts,
// retries, hedges, breakers, limits, and the faults that a person makes to see them work.
#pragma once

#include "mesh/policy.h"
#include "node/config_block.h"

namespace node {

// Puts what the blocks of `entry` say into `out`.
void read_resilience(const ConfigBlock& entry, mesh::Policy& out);

}  // namespace node
