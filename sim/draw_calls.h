// Which calls a scenario has, of which agents, below which policies.
#pragma once

#include "base/rng.h"
#include "sim/scenario.h"

namespace sim {

void draw_calls(Scenario& scenario, base::Rng& rng, const base::Rng& root);

}  // namespace sim
