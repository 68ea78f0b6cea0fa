// What calls read of the rest of the data plane, and what they teach it. All outlives whoever holds
// one of these.
#pragma once

#include "base/ids.h"
#include "mesh/agent_health.h"
#include "mesh/catalogue.h"
#include "mesh/options.h"
#include "mesh/policy_table.h"
#include "mesh/views.h"

#include <string>

namespace mesh {

struct Surroundings {
  const Options& options;
  const PolicyTable& policies;
  Catalogue& catalogue;
  AgentHealth& health;
  Counters& counters;
  const base::NodeId& self;
  const std::string& name;
};

}  // namespace mesh
