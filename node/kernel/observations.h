// Observations on their way between the data plane, which makes and weighs them, and membership,
// which carries them: the same facts in the words of either.
#pragma once

#include "gossip/observation.h"
#include "gossip/reports.h"
#include "mesh/score/observation.h"

#include <vector>

namespace kernel {

// To be signed and told.
[[nodiscard]] std::vector<gossip::Observed> told(std::vector<mesh::score::Observed> observed);
// As another one told it.
[[nodiscard]] mesh::score::ObservationReport heard(const gossip::ObservationReport& report);

}  // namespace kernel
