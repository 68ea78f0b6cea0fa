// Outlier ejection leaves enough agents: of those of a capability no node takes out more than the
// share of its policy at once, but one may always be, and never all.
#pragma once

#include "sim/checkers/checker.h"

namespace sim {

class EjectionsChecker final : public Checker {
 public:
  explicit EjectionsChecker(const Truth& truth) : Checker("ejections", truth) {}
  void on_ejected(const AgentEjected& ejected) override;
};

}  // namespace sim
