#include "sim/headline/bad_agent.h"

#include "sim/run.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace sim::headline {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Scenario scenario_of(const BadAgentPlan& plan, NodeIndex bad) {
  Scenario scenario;
  scenario.seed = plan.seed;
  scenario.nodes = plan.length * plan.providers + 1;
  AgentTraits agent;
  agent.service_min = milliseconds(20);
  agent.service_max = milliseconds(125);
  agent.concurrency = 0;
  agent.checked = true;
  scenario.agents = {agent};
  scenario.policies = {plan.policy};
  Workload& workload = scenario.workload;
  workload.starts = scenario.join_gap * scenario.nodes + seconds(5);
  workload.gap = plan.gap;
  workload.calls = static_cast<std::uint32_t>((plan.before + plan.bad_for + plan.after) / plan.gap);
  workload.capabilities = plan.length;
  workload.providers = plan.providers;
  workload.idempotent = 1'000'000;
  workload.deadline = seconds(5);
  workload.callers = 1;
  workload.depth = plan.length;
  Fault fault;
  fault.at = workload.starts + plan.before;
  fault.kind = FaultKind::agent_flaky;
  fault.nodes = {bad};
  fault.lasts = plan.bad_for;
  fault.amount = 1'000'000;
  scenario.faults = {fault};
  scenario.chaos_ends = workload.starts + plan.before + plan.bad_for + plan.after;
  return scenario;
}

// What one run shows, step by step.
class Watch {
 public:
  Watch(NodeIndex bad, base::Duration from, base::Duration until)
      : bad_(bad), from_(from), until_(until) {}

  void on_result(const CallResult& result) {
    if (!result.good) ++out_.visible_errors;
    const bool during = result.issued >= from_ && result.issued < until_;
    if (during) ++out_.chains;
    if (during) during_.push_back(result.took);
    if (result.issued < from_) before_.push_back(result.took);
  }
  void on_attempt(const AttemptStarted& started) {
    if (started.to != bad_ || started.at < from_ || started.at >= until_) return;
    ++out_.asked_bad;
    const auto breaker = breakers_.find(started.from);
    if (breaker == breakers_.end()) return;
    ++out_.leaked;
    // A probe is decided in the step that makes the breaker half open, which is told after it.
    if (breaker->second != "closed") ++out_.probes;
  }
  // Only the bad agent fails, so all breakers are about it.
  void on_step(base::Duration at, NodeIndex node, const base::Transition& step) {
    if (step.machine != "breaker") return;
    if (step.to == "open" && breakers_.emplace(node, std::string()).second) {
      out_.trips_after = at - from_;
    }
    breakers_[node] = step.to;
    const bool all_closed = std::all_of(breakers_.begin(), breakers_.end(),
                                        [](const auto& each) { return each.second == "closed"; });
    if (at >= until_ && all_closed) out_.back_after = at - until_;
  }
  BadAgentResult result() {
    out_.mean_before_ms = mean_ms(before_);
    out_.mean_during_ms = mean_ms(during_);
    return out_;
  }

 private:
  static double mean_ms(const std::vector<base::Duration>& times) {
    base::Duration sum{};
    for (const base::Duration time : times) sum += time;
    return times.empty() ? 0 : base::in_milliseconds(sum) / static_cast<double>(times.size());
  }

  const NodeIndex bad_;
  const base::Duration from_;
  const base::Duration until_;
  BadAgentResult out_;
  std::map<NodeIndex, std::string> breakers_;  // of callers where it has opened
  std::vector<base::Duration> before_;
  std::vector<base::Duration> during_;
};

}  // namespace

BadAgentResult run_bad_agent(const BadAgentPlan& plan, const Progress& progress) {
  const NodeIndex bad = plan.length / 2 * plan.providers;  // of a step in the middle
  const Scenario scenario = scenario_of(plan, bad);
  const base::Duration from = scenario.faults.front().at;
  Watch watch(bad, from, from + plan.bad_for);
  RunOptions options;
  options.watch = false;
  options.called = [&](const CallResult& result) { watch.on_result(result); };
  options.attempted = [&](const AttemptStarted& started) { watch.on_attempt(started); };
  options.stepped = [&](base::Duration at, NodeIndex node, const base::Transition& step) {
    watch.on_step(at, node, step);
  };
  options.progress = [&](base::Duration simulated, base::Duration total) {
    if (progress)
      progress(std::min(1.0, base::in_milliseconds(simulated) / base::in_milliseconds(total)));
  };
  plan.play(scenario, options);
  return watch.result();
}

}  // namespace sim::headline
