#include "sim/checkers/votes.h"

namespace sim {

void VotesChecker::on_vote(const VoteLeft& left) {
  Promises& promises = promises_[{left.key, left.epoch, left.view}];
  const auto twice = [&](std::optional<base::Digest>& before) {
    const bool other = before && *before != left.block;
    before = left.block;
    return other;
  };
  bool broken = false;
  switch (left.kind) {
    case consensus::VoteKind::notarize:
      broken = twice(promises.notarized);
      break;
    case consensus::VoteKind::finalize:
      broken = twice(promises.finalized);
      break;
    case consensus::VoteKind::nullify:
      promises.nullified = true;
      break;
  }
  if (left.forgotten) {
    violate(left.at, "n" + std::to_string(left.node) + " votes with a key whose log was lost");
  }
  if (!broken && !(promises.finalized && promises.nullified)) return;
  violate(left.at, "n" + std::to_string(left.node) + " votes twice in view " +
                       std::to_string(left.view) + " of epoch " + std::to_string(left.epoch));
}

}  // namespace sim
