// The dead and the left come back only by a newer record of their own, or when they may take part
// again, and no row makes a step that
// does not exist: what a member says of itself changes only with its record, a death is preceded by
// a suspicion or comes from others together with the accusations.
#pragma once

#include "sim/checkers/checker.h"

namespace sim {

class StatesChecker final : public Checker {
 public:
  explicit StatesChecker(const Truth& truth) : Checker("states", truth) {}
  void on_view(const ViewChange& change) override;
};

}  // namespace sim
