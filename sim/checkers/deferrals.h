// A call that was answered with 202 is not lost: until it is delivered or too old, it is on the
// disk of its node, whatever becomes of the node. And who is too old was given its time.
#pragma once

#include "sim/checkers/checker.h"

#include <map>
#include <set>
#include <string>
#include <utility>

namespace sim {

class DeferralsChecker final : public Checker {
 public:
  static constexpr base::Duration age_max = std::chrono::seconds(20);  // that the policy gives

  explicit DeferralsChecker(const Truth& truth) : Checker("deferrals", truth) {}
  void on_deferred(const CallDeferred& deferred) override;
  void on_deferral_ended(const DeferralEnded& ended) override;
  void on_deferral_on_disk(const DeferralOnDisk& seen) override;
  void on_second(base::Duration at) override;

 private:
  using Key = std::pair<NodeIndex, std::string>;

  std::map<Key, base::Duration> open_;  // until when
  std::set<Key> on_disk_;               // as told for this second
};

}  // namespace sim
