// Offer by offer: would it be chosen now, and if not, why not. The same questions in the same order
// as a call asks them, so the explanation cannot differ from the decision.
#pragma once

#include "base/time.h"
#include "mesh/catalogue.h"
#include "mesh/routing/candidates.h"
#include "mesh/routing/policy.h"
#include "mesh/views.h"

#include <vector>

namespace mesh::routing {

// The best first.
[[nodiscard]] std::vector<RouteExplanation> explain(const Catalogue::Offers& offers,
                                                    const Question& question, const Wishes& wishes,
                                                    const Chooser& chooser);

}  // namespace mesh::routing
