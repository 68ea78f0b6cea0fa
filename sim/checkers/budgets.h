// Further attempts stay within what the policy allows: for each call no more than its attempts, and
// one at an expert once its time is over (onTimeout: escalate); for each node and capability no
// more than the reserve and the share of its calls, those that fell back to it among them. An
// attempt after one that found nobody, or no place, costs nothing; an escalation always pays. One
// that is delayed on purpose and given up before it starts is not seen; since it may have been
// where a call fell back to, each of them counts as a call for all capabilities of its node.
#pragma once

#include "sim/checkers/checker.h"

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace sim {

class BudgetsChecker final : public Checker {
 public:
  explicit BudgetsChecker(const Truth& truth) : Checker("budgets", truth) {}
  void on_call_begun(const CallBegun& begun) override;
  void on_attempt(const AttemptDecided& decided) override;
  void on_attempt_over(const AttemptOver& over) override;
  void on_exchange_ended(const ExchangeEnded& ended) override;
  void on_stopped(const NodeStopped& stopped) override;

 private:
  struct Spent {
    std::uint64_t calls = 0;
    std::uint64_t further = 0;  // attempts that cost something
  };
  struct Open {
    std::string capability{};
    std::uint32_t counted = 0;  // attempts there, but the pardoned ones
    bool escalated = false;
    std::uint32_t last = 0;  // number of the last one that was seen, or given up unseen
  };
  void see(NodeIndex node, Open& open, std::uint32_t attempt, bool started);
  void look_at_number(const AttemptDecided& decided, const Open& open);
  std::map<std::pair<NodeIndex, std::string>, Spent> spent_;
  std::map<std::pair<NodeIndex, std::uint64_t>, Open> open_;
  std::map<NodeIndex, std::uint64_t> unstarted_;
};

}  // namespace sim
