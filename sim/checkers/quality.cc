#include "sim/checkers/quality.h"

#include "sim/trace.h"

namespace sim {

void QualityChecker::on_attempt(const AttemptDecided& decided) {
  if (decided.for_peer || decided.policy == nullptr || !decided.quality) return;
  const mesh::CallPolicy& policy = *decided.policy;
  if (!policy.faults.empty()) return;  // an injected delay parts the decision from the attempt
  if (!policy.health.output_quality || *decided.quality >= policy.quality.never_below) return;
  const Key key{decided.node, decided.to, decided.capability};
  const auto last = last_probe_.find(key);
  // Clocks run at different speeds; and a half-open breaker probes as often as it has to.
  const base::Duration gap = policy.breaker.open_for - policy.breaker.open_for / 100;
  if (last != last_probe_.end() && decided.at - last->second < gap && !decided.half_open) {
    violate(decided.at, "n" + std::to_string(decided.node) + " asks n" +
                            std::to_string(decided.to) + " for '" + decided.capability + "' " +
                            seconds_text(decided.at - last->second) +
                            " after the last probe, and its output is below neverBelow");
  }
  last_probe_[key] = decided.at;
}

void QualityChecker::on_stopped(const NodeStopped& stopped) {
  std::erase_if(last_probe_,
                [&](const auto& entry) { return std::get<0>(entry.first) == stopped.node; });
}

}  // namespace sim
