// Deadlines shrink from hop to hop: no attempt begins when the time that its caller left it is
// over, and none is given more than what is left of it.
#pragma once

#include "sim/checkers/checker.h"

namespace sim {

class DeadlinesChecker final : public Checker {
 public:
  explicit DeadlinesChecker(const Truth& truth) : Checker("deadlines", truth) {}
  void on_attempt(const AttemptDecided& decided) override;
};

}  // namespace sim
