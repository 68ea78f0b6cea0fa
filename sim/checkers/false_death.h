// Nobody buries the living: a node that runs and is disturbed by no fault for a while is not dead
// in the view of any other such node, whoever starves or lies elsewhere in the mesh.
#pragma once

#include "sim/checkers/checker.h"

namespace sim {

class FalseDeathChecker final : public Checker {
 public:
  explicit FalseDeathChecker(const Truth& truth) : Checker("false_death", truth) {}
  void on_view(const ViewChange& change) override;

 private:
  // A suspicion that began in a disturbance may end in a death this long after it.
  static constexpr base::Duration grace = std::chrono::seconds(15);
};

}  // namespace sim
