#include "sim/checkers/breakers.h"

namespace sim {

namespace {

std::string who(NodeIndex node, NodeIndex agent, const std::string& capability) {
  return "the breaker of n" + std::to_string(node) + " for n" + std::to_string(agent) + " at '" +
         capability + "'";
}

}  // namespace

void BreakersChecker::on_breaker(const BreakerStep& step) {
  Known& known = known_[{step.node, step.subject, step.capability}];
  if (step.to == "closed" && known.state == "half_open" && known.probes < known.probes_due) {
    violate(step.at, who(step.node, step.subject, step.capability) + " closes after " +
                         std::to_string(known.probes) + " of " + std::to_string(known.probes_due) +
                         " probes");
  }
  known = Known{.state = std::string(step.to), .probes = 0, .probes_due = 0, .out = {}};
}

void BreakersChecker::on_attempt(const AttemptDecided& decided) {
  if (decided.for_peer || decided.policy == nullptr || !decided.policy->breaker.enabled) return;
  // What a policy injects counts for a breaker, and no agent sees it, or it sees it later.
  if (!decided.policy->faults.empty()) return;
  const auto found = known_.find({decided.node, decided.to, decided.capability});
  if (found == known_.end()) return;
  Known& known = found->second;
  if (known.state == "open") {
    violate(decided.at, who(decided.node, decided.to, decided.capability) +
                            " is open, and lets an attempt through");
  }
  if (known.state != "half_open") return;
  ++known.probes;
  known.probes_due = std::max(1U, decided.policy->breaker.half_open_requests);
  known.out.emplace(decided.exchange, decided.attempt);
  if (known.out.size() > known.probes_due) {
    violate(decided.at, who(decided.node, decided.to, decided.capability) + " has " +
                            std::to_string(known.out.size()) + " probes out, " +
                            std::to_string(known.probes_due) + " are allowed");
  }
}

void BreakersChecker::on_attempt_over(const AttemptOver& over) {
  for (auto& [key, known] : known_) {
    if (std::get<0>(key) != over.node) continue;
    std::erase_if(known.out, [&](const auto& probe) {
      return probe.first == over.exchange && (over.attempt == 0 || probe.second == over.attempt);
    });
  }
}

void BreakersChecker::on_stopped(const NodeStopped& stopped) {
  std::erase_if(known_,
                [&](const auto& entry) { return std::get<0>(entry.first) == stopped.node; });
}

}  // namespace sim
