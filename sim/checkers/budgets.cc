#include "sim/checkers/budgets.h"

#include "mesh/resilience/retry_budget.h"

#include <algorithm>

namespace sim {

void BudgetsChecker::on_call_begun(const CallBegun& begun) {
  ++spent_[{begun.node, begun.capability}].calls;
  open_.try_emplace({begun.node, begun.exchange});
}

void BudgetsChecker::see(NodeIndex node, Open& open, std::uint32_t attempt, bool started) {
  if (attempt <= open.last) return;
  unstarted_[node] += attempt - open.last - (started ? 1 : 0);
  open.last = attempt;
}

void BudgetsChecker::on_attempt_over(const AttemptOver& over) {
  const auto open = open_.find({over.node, over.exchange});
  if (open == open_.end()) return;
  see(over.node, open->second, std::max(over.attempt, over.made), false);
}

void BudgetsChecker::on_attempt(const AttemptDecided& decided) {
  if (decided.for_peer || decided.policy == nullptr) return;
  Open& open = open_[{decided.node, decided.exchange}];
  Spent& spent = spent_[{decided.node, decided.capability}];
  see(decided.node, open, decided.attempt, true);
  const bool first = open.capability != decided.capability;
  if (first) {
    open = {.capability = decided.capability, .last = open.last};
    if (decided.falls_back) ++spent.calls;  // the others have begun
  }
  const bool escalated = !first && decided.escalates && !open.escalated;
  const bool pays = !first && (escalated || !decided.pardoned);
  open.escalated = open.escalated || escalated;
  if (first || pays) ++open.counted;
  look_at_number(decided, open);
  if (!pays) return;
  ++spent.further;
  const double allowed =
      mesh::resilience::RetryBudget::reserve +
      decided.policy->retry.budget * static_cast<double>(spent.calls + unstarted_[decided.node]);
  constexpr double rounding = 0.001;
  if (static_cast<double>(spent.further) <= allowed + rounding) return;
  violate(decided.at, "n" + std::to_string(decided.node) + " at '" + decided.capability +
                          "' makes further attempt " + std::to_string(spent.further) + ", its " +
                          std::to_string(spent.calls) + " calls allow fewer");
}

void BudgetsChecker::look_at_number(const AttemptDecided& decided, const Open& open) {
  const std::uint32_t attempts = decided.policy->retry.attempts;
  if (open.counted <= attempts + (open.escalated ? 1U : 0U)) {
    // The one that is beyond them is the escalation, which goes to an expert and nowhere else.
    if (open.counted <= attempts || !decided.escalates || decided.expert) return;
  }
  violate(decided.at, "n" + std::to_string(decided.node) + " at '" + decided.capability +
                          "' makes attempt " + std::to_string(open.counted) + " of " +
                          std::to_string(attempts));
}

void BudgetsChecker::on_exchange_ended(const ExchangeEnded& ended) {
  open_.erase({ended.node, ended.exchange});
}

void BudgetsChecker::on_stopped(const NodeStopped& stopped) {
  unstarted_.erase(stopped.node);
  std::erase_if(spent_, [&](const auto& entry) { return entry.first.first == stopped.node; });
  std::erase_if(open_, [&](const auto& entry) { return entry.first.first == stopped.node; });
}

}  // namespace sim
