// Further attempts stay within what the policy allows: for each call no more than its attempts, for
// each node and capability no more than the reserve and the share of its calls. An attempt after
// one that found nobody, or no place, costs nothing.
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
  void on_exchange_ended(const ExchangeEnded& ended) override;
  void on_stopped(const NodeStopped& stopped) override;

 private:
  struct Spent {
    std::uint64_t calls = 0;
    std::uint64_t further = 0;  // attempts that cost something
  };
  struct Open {
    std::uint32_t counted = 0;  // attempts, but the pardoned ones
  };
  std::map<std::pair<NodeIndex, std::string>, Spent> spent_;
  std::map<std::pair<NodeIndex, std::uint64_t>, Open> open_;
};

}  // namespace sim
