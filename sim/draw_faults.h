// Which faults, rough links and liars a scenario has.
#pragma once

#include "base/rng.h"
#include "sim/scenario.h"

namespace sim {

// Swarm: about half of the kinds that belong to the profile exist in this run.
void draw_faults(Scenario& scenario, Profile profile, base::Rng& rng, const base::Rng& root);
void draw_adversaries(Scenario& scenario, base::Rng rng);
void draw_links(Scenario& scenario, base::Rng rng);
// Links as they are far away; drawn apart, so that each seed keeps all else that it had.
void draw_rough_links(Scenario& scenario, const base::Rng& root);

}  // namespace sim
