#include "sim/checkers/outsiders.h"

namespace sim {

OutsidersChecker::OutsidersChecker(const Truth& truth)
    : Checker("outsiders", truth),
      takes_part_(truth.size(), std::vector<bool>(truth.size(), false)) {}

void OutsidersChecker::on_view(const ViewChange& change) {
  using enum gossip::MemberState;
  takes_part_[change.observer][change.subject] =
      change.after && change.after->state != dead && change.after->state != left;
}

void OutsidersChecker::on_started(const NodeStarted& started) {
  takes_part_[started.node].assign(truth().size(), false);
}

void OutsidersChecker::on_door_shut(const DoorShut& shut) {
  if (!takes_part_[shut.observer][shut.subject]) return;
  violate(shut.at, "n" + std::to_string(shut.observer) + " counts on n" +
                       std::to_string(shut.subject) +
                       ", of which it knows that it may not take part");
}

}  // namespace sim
