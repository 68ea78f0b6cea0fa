#include "sim/headline/prices.h"

#include "sim/run.h"

#include <algorithm>
#include <string>

namespace sim::headline {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

AgentTraits agent_of(const PricesPlan& plan, bool cheap) {
  AgentTraits agent;
  agent.service_min = milliseconds(20);
  agent.service_max = milliseconds(125);
  agent.concurrency = 0;
  agent.wrong = plan.wrong;
  agent.hard_wrong = cheap ? plan.cheap_hard_wrong : 0;
  agent.cost = cheap ? plan.cheap_costs : plan.dear_costs;
  agent.proficiency = cheap ? mesh::Proficiency::novice : mesh::Proficiency::expert;
  agent.checked = true;
  const NodeIndex first = cheap ? 0 : plan.cheap;
  for (NodeIndex i = 0; i < (cheap ? plan.cheap : plan.dear); ++i) {
    agent.nodes.push_back(first + i);
  }
  return agent;
}

Scenario scenario_of(const PricesPlan& plan, mesh::RoutePolicy route) {
  Scenario scenario;
  scenario.seed = plan.seed;
  scenario.nodes = plan.cheap + plan.dear + 1;
  scenario.agents = {agent_of(plan, true), agent_of(plan, false)};
  scenario.policies = {plan.policy};
  scenario.policies.front().route = route;
  Workload& workload = scenario.workload;
  workload.calls = plan.calls;
  workload.starts = seconds(6);
  workload.gap = milliseconds(10);
  workload.capabilities = 1;
  workload.providers = plan.cheap + plan.dear;
  workload.idempotent = 1'000'000;
  workload.deadline = seconds(5);
  workload.callers = 1;
  workload.hard = plan.hard;
  workload.misjudged = plan.misjudged;
  scenario.chaos_ends = workload.starts + workload.gap * plan.calls + seconds(5);
  return scenario;
}

PricesResult::Way run_way(const PricesPlan& plan, mesh::RoutePolicy route, double from,
                          const Progress& progress) {
  const Scenario scenario = scenario_of(plan, route);
  PricesResult::Way out;
  double took = 0;
  std::uint64_t cost = 0;
  std::uint64_t attempts = 0;
  RunOptions options;
  options.watch = false;
  options.called = [&](const CallResult& result) {
    ++out.calls;
    if (result.good) ++out.good;
    took += base::in_milliseconds(result.took);
  };
  options.attempted = [&](const AttemptStarted& started) {
    ++attempts;
    cost += started.to < plan.cheap ? plan.cheap_costs : plan.dear_costs;
  };
  options.progress = [&](base::Duration simulated, base::Duration total) {
    if (progress)
      progress(from +
               std::min(1.0, base::in_milliseconds(simulated) / base::in_milliseconds(total)) / 2);
  };
  plan.play(scenario, options);
  const double calls = std::max(1U, out.calls);
  out.cost = static_cast<double>(cost) / calls;
  out.attempts = static_cast<double>(attempts) / calls;
  out.mean_ms = took / calls;
  return out;
}

}  // namespace

PricesResult run_prices(const PricesPlan& plan, const Progress& progress) {
  return {.split = run_way(plan, mesh::RoutePolicy::round_robin, 0, progress),
          .cost = run_way(plan, mesh::RoutePolicy::cost, 0.5, progress)};
}

}  // namespace sim::headline
