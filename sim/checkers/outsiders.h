// Who was put out, or never let in, is gone for whoever knows it: at no second is it in that node's
// table as one that takes part, whatever others go on to say for it.
#pragma once

#include "sim/checkers/checker.h"

#include <vector>

namespace sim {

class OutsidersChecker final : public Checker {
 public:
  explicit OutsidersChecker(const Truth& truth);
  void on_view(const ViewChange& change) override;
  void on_started(const NodeStarted& started) override;
  void on_door_shut(const DoorShut& shut) override;

 private:
  std::vector<std::vector<bool>> takes_part_;  // observer, subject: as the observer has it
};

}  // namespace sim
