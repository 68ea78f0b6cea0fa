#include "sim/headline/fleet.h"

#include "base/rng.h"
#include "sim/headline/network_latency.h"
#include "sim/run.h"
#include "sim/simulated_agent.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace sim::headline {

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

double mean_ms(const std::vector<base::Duration>& times) {
  if (times.empty()) return 0;
  return base::in_milliseconds(std::accumulate(times.begin(), times.end(), base::Duration{})) /
         static_cast<double>(times.size());
}

AgentTraits agent_of(const FleetPlan& plan, std::int64_t times) {
  AgentTraits agent;
  agent.service_min = plan.service_min * times;
  agent.service_max = plan.service_max * times;
  agent.capacity = plan.places;
  agent.concurrency = plan.declared;
  return agent;
}

// Mean work of a fast agent, from as many draws, and a round trip.
double fast_ms(const FleetPlan& plan) {
  SimulatedAgent agent(base::Rng(plan.seed).fork("fast agent"));
  agent.have(agent_of(plan, 1));
  std::vector<base::Duration> times;
  for (std::uint32_t i = 0; i < plan.calls; ++i) {
    times.push_back(agent.run(i, "cap", {.call = i}).whole_after + latency_min + latency_max);
  }
  return mean_ms(times);
}

// Who is slow when. Agents take turns: at each move the next slow one recovers, and the next fast
// one gets slow.
struct Slowness {
  std::vector<Fault> faults;

  Slowness(const FleetPlan& plan, base::Duration ends) {
    if (plan.moves_every == base::Duration::zero()) return;
    const base::Duration middle = milliseconds(150);
    for (std::uint32_t turn = 0; turn < plan.agents * 1'000; ++turn) {
      // Agent `turn` is slow for as many moves as there are slow ones.
      const base::Duration from =
          turn < plan.slow ? base::Duration{} : plan.moves_every * (turn - plan.slow + 1);
      const base::Duration until = plan.moves_every * (turn + 1);
      if (from >= ends) break;
      Fault fault;
      fault.at = from;
      fault.kind = FaultKind::agent_slow;
      fault.nodes = {turn % plan.agents};
      fault.lasts = until - from;
      fault.amount = (middle * (plan.slow_by - 1)).count() / 1'000'000;
      faults.push_back(std::move(fault));
    }
  }
  [[nodiscard]] bool slow(NodeIndex agent, base::Duration at) const {
    return std::any_of(faults.begin(), faults.end(), [&](const Fault& fault) {
      return fault.nodes.front() == agent && fault.at <= at && at < fault.at + fault.lasts;
    });
  }
};

Scenario scenario_of(const FleetPlan& plan) {
  Scenario scenario;
  scenario.seed = plan.seed;
  scenario.nodes = plan.agents + plan.callers;
  scenario.join_gap = milliseconds(20);
  scenario.latency_min = latency_min;
  scenario.latency_max = latency_max;
  scenario.agents = {agent_of(plan, 1)};
  const bool moves = plan.moves_every > base::Duration::zero();
  if (!moves) {
    scenario.agents.push_back(agent_of(plan, plan.slow_by));
    for (NodeIndex agent = 0; agent < plan.slow; ++agent) {
      scenario.agents.back().nodes.push_back(agent * plan.agents / plan.slow);
    }
  }
  scenario.policies = {plan.policy};
  Workload& workload = scenario.workload;
  workload.calls = plan.calls;
  workload.starts = scenario.join_gap * scenario.nodes + seconds(5);
  // What all of them together can do in a second.
  const double fast = plan.agents - plan.slow + double{1} * plan.slow / plan.slow_by;
  const double rate = plan.load * fast * plan.places / 0.15;
  workload.gap = microseconds(static_cast<std::int64_t>(1e6 / rate));
  workload.capabilities = 1;
  workload.providers = plan.agents;
  workload.idempotent = 1'000'000;
  workload.deadline = seconds(10);
  workload.callers = plan.callers;
  scenario.chaos_ends = workload.starts + workload.gap * plan.calls + seconds(20);
  return scenario;
}

}  // namespace

FleetResult run_fleet(const FleetPlan& plan, const Progress& progress) {
  Scenario scenario = scenario_of(plan);
  const Slowness slowness(plan, scenario.chaos_ends);
  scenario.faults = slowness.faults;
  const bool moves = plan.moves_every > base::Duration::zero();
  const auto is_slow = [&](NodeIndex agent, base::Duration at) {
    if (moves) return slowness.slow(agent, at);
    const auto& nodes = scenario.agents.back().nodes;
    return std::find(nodes.begin(), nodes.end(), agent) != nodes.end();
  };

  FleetResult out;
  std::vector<base::Duration> times;
  std::uint64_t attempts = 0;
  std::uint64_t slow_attempts = 0;
  RunOptions options;
  options.watch = false;
  options.called = [&](const CallResult& result) {
    ++out.calls;
    if (result.good) ++out.good;
    times.push_back(result.took);
  };
  options.attempted = [&](const AttemptStarted& started) {
    ++attempts;
    if (is_slow(started.to, started.at)) ++slow_attempts;
  };
  options.progress = [&](base::Duration simulated, base::Duration total) {
    if (progress)
      progress(std::min(1.0, base::in_milliseconds(simulated) / base::in_milliseconds(total)));
  };
  plan.play(scenario, options);
  out.mean_ms = mean_ms(times);
  out.fast_ms = fast_ms(plan);
  out.attempts_per_call = static_cast<double>(attempts) / std::max(1U, out.calls);
  out.to_slow = static_cast<double>(slow_attempts) /
                static_cast<double>(std::max<std::uint64_t>(1, attempts));
  if (times.empty()) return out;
  std::sort(times.begin(), times.end());
  out.p99_ms = base::in_milliseconds(times[times.size() * 99 / 100]);
  return out;
}

}  // namespace sim::headline
