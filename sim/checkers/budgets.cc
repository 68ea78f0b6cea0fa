#include "sim/checkers/budgets.h"

#include "mesh/resilience/retry_budget.h"

namespace sim {

void BudgetsChecker::on_call_begun(const CallBegun& begun) {
  ++spent_[{begun.node, begun.capability}].calls;
}

void BudgetsChecker::on_attempt(const AttemptDecided& decided) {
  if (decided.for_peer || decided.falls_back || decided.policy == nullptr) return;
  const mesh::CallPolicy& policy = *decided.policy;
  // What is escalated begins anew.
  const auto on_timeout = policy.timeout.on_timeout;
  if (on_timeout == mesh::OnTimeout::escalate ||
      on_timeout == mesh::OnTimeout::escalate_or_fallback) {
    return;
  }
  Open& open = open_[{decided.node, decided.exchange}];
  const bool first = open.counted == 0;
  if (!decided.pardoned || first) ++open.counted;
  const std::string who = "n" + std::to_string(decided.node) + " at '" + decided.capability + "'";
  if (open.counted > policy.retry.attempts) {
    violate(decided.at, who + " makes attempt " + std::to_string(open.counted) + " of " +
                            std::to_string(policy.retry.attempts));
  }
  if (first || decided.pardoned) return;
  Spent& spent = spent_[{decided.node, decided.capability}];
  ++spent.further;
  const double allowed = mesh::resilience::RetryBudget::reserve +
                         policy.retry.budget * static_cast<double>(spent.calls);
  // A call that waited for its duplicate, and then runs itself, counts twice for its node.
  constexpr double slack = 1.1;
  if (static_cast<double>(spent.further) <= allowed * slack + 1) return;
  violate(decided.at, who + " makes further attempt " + std::to_string(spent.further) + ", its " +
                          std::to_string(spent.calls) + " calls allow fewer");
}

void BudgetsChecker::on_exchange_ended(const ExchangeEnded& ended) {
  open_.erase({ended.node, ended.exchange});
}

void BudgetsChecker::on_stopped(const NodeStopped& stopped) {
  std::erase_if(spent_, [&](const auto& entry) { return entry.first.first == stopped.node; });
  std::erase_if(open_, [&](const auto& entry) { return entry.first.first == stopped.node; });
}

}  // namespace sim
