#include "sim/checkers/states.h"

namespace sim {

namespace {

bool said_by_itself(gossip::MemberState state) {
  return state != gossip::MemberState::suspect && state != gossip::MemberState::dead;
}

// Without a newer record: which state may follow which.
bool may_follow(gossip::MemberState before, gossip::MemberState after) {
  using enum gossip::MemberState;
  if (before == after) return true;
  if (before == dead || before == left) return false;
  if (after == suspect || after == dead) return true;
  // A withdrawn suspicion uncovers what the record says; two things that it says need two records.
  return before == suspect && said_by_itself(after);
}

}  // namespace

void StatesChecker::on_view(const ViewChange& change) {
  if (!change.before || !change.after) return;
  // Let in again: what its record says holds as if it had just come.
  if (change.before->barred && !change.after->barred) return;
  // Put out.
  if (change.after->barred && change.after->state == gossip::MemberState::left) return;
  if (change.after->version > change.before->version) return;
  if (may_follow(change.before->state, change.after->state)) return;
  violate(change.at,
          "n" + std::to_string(change.observer) + " turned n" + std::to_string(change.subject) +
              " from " + std::string(gossip::to_string(change.before->state)) + " to " +
              std::string(gossip::to_string(change.after->state)) + " without a newer record");
}

}  // namespace sim
