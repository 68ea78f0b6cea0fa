#include "sim/checkers/false_death.h"

#include "sim/trace.h"

namespace sim {

void FalseDeathChecker::on_view(const ViewChange& change) {
  if (!change.after || change.after->state != gossip::MemberState::dead) return;
  if (change.before && change.before->state == gossip::MemberState::dead) return;
  if (!truth().honest(change.observer) || !truth().honest(change.subject)) return;
  if (truth().calm_for(change.subject, change.at) < grace) return;
  if (truth().calm_for(change.observer, change.at) < grace) return;
  violate(change.at, "n" + std::to_string(change.observer) + " declared n" +
                         std::to_string(change.subject) + " dead, which runs undisturbed for " +
                         seconds_text(truth().calm_for(change.subject, change.at)));
}

}  // namespace sim
