// What a scenario decides: its committee, who in it lies, and what befalls it.
#pragma once

#include "base/rng.h"
#include "sim/scenario.h"

namespace sim {

// A committee among the nodes. Clocks are within a second of each other, as a committee needs them:
// a timestamp too far ahead is waited for, and not voted for.
void draw_deciding(Scenario& scenario, const base::Rng& root);

}  // namespace sim
