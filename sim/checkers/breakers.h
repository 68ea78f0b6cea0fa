// An open breaker lets nothing through, a half-open one no more probes at once than its policy
// says, and it closes after no fewer. An attempt for a peer has no breaker: its caller's decided.
#pragma once

#include "sim/checkers/checker.h"

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace sim {

class BreakersChecker final : public Checker {
 public:
  explicit BreakersChecker(const Truth& truth) : Checker("breakers", truth) {}
  void on_breaker(const BreakerStep& step) override;
  void on_attempt(const AttemptDecided& decided) override;
  void on_attempt_over(const AttemptOver& over) override;
  void on_stopped(const NodeStopped& stopped) override;

 private:
  using Key = std::tuple<NodeIndex, NodeIndex, std::string>;  // caller, agent, capability
  struct Known {
    std::string state;
    std::uint32_t probes = 0;                               // of this half-open phase, ever
    std::uint32_t probes_due = 0;                           // by the policy
    std::set<std::pair<std::uint64_t, std::uint32_t>> out;  // exchange and attempt
  };
  std::map<Key, Known> known_;  // since the first step of each
};

}  // namespace sim
