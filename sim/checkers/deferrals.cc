#include "sim/checkers/deferrals.h"

namespace sim {

void DeferralsChecker::on_deferred(const CallDeferred& deferred) {
  open_.try_emplace({deferred.node, deferred.id}, deferred.at + deferred.left);
}

void DeferralsChecker::on_deferral_ended(const DeferralEnded& ended) {
  const auto found = open_.find({ended.node, ended.id});
  if (found == open_.end()) return;  // nobody was told that it is kept, or its answer went
  // Clocks may drift; by how much, the scenario says: a tenth is far more.
  if (!ended.delivered && ended.at < found->second - age_max / 10) {
    violate(ended.at, "n" + std::to_string(ended.node) + " dropped the deferred call " + ended.id +
                          " before its time");
  }
  open_.erase(found);
}

void DeferralsChecker::on_deferral_on_disk(const DeferralOnDisk& seen) {
  on_disk_.insert({seen.node, seen.id});
}

void DeferralsChecker::on_second(base::Duration at) {
  for (const auto& [key, until] : open_) {
    if (on_disk_.contains(key)) continue;
    violate(at, "the deferred call " + key.second + " of n" + std::to_string(key.first) +
                    " is neither delivered nor on its disk");
  }
  on_disk_.clear();
}

}  // namespace sim
