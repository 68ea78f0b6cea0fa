#include "sim/headline/chains.h"

#include "base/rng.h"
#include "sim/headline/network_latency.h"
#include "sim/run.h"
#include "sim/simulated_agent.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

namespace sim::headline {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

AgentTraits agent_of(std::uint32_t transient, std::uint32_t each_other) {
  AgentTraits agent;
  agent.service_min = milliseconds(20);
  agent.service_max = milliseconds(125);
  agent.concurrency = 0;
  agent.transient = transient;
  agent.sticky = each_other;
  agent.slow = each_other;
  agent.slow_by = 100;
  agent.wrong = each_other;
  agent.refused = each_other;
  agent.checked = true;
  return agent;
}

void put_times(std::vector<base::Duration>& times, ChainResult& out) {
  if (times.empty()) return;
  std::sort(times.begin(), times.end());
  const base::Duration sum = std::accumulate(times.begin(), times.end(), base::Duration{});
  out.mean_ms = base::in_milliseconds(sum) / static_cast<double>(times.size());
  out.p50_ms = base::in_milliseconds(times[times.size() / 2]);
  out.p99_ms = base::in_milliseconds(times[times.size() * 99 / 100]);
}

}  // namespace

void simulate(const Scenario& scenario, const RunOptions& options) {
  (void)run(scenario, options);
}

// The shares are such that exactly 95 or 99 of a hundred runs do their work in time.
AgentTraits agent_of_95() {
  return agent_of(30'760, 5'000);
}
AgentTraits agent_of_99() {
  return agent_of(6'030, 1'000);
}

double ChainResult::success() const {
  return chains == 0 ? 0 : static_cast<double>(good) / chains;
}
double ChainResult::attempts_per_call() const {
  return calls == 0 ? 0 : static_cast<double>(attempts) / static_cast<double>(calls);
}
double ChainResult::runs_per_step(std::uint32_t length) const {
  return chains == 0 ? 0 : static_cast<double>(attempts) / (double{1} * chains * length);
}

ChainResult run_bare(const ChainPlan& plan) {
  const base::Rng rng = base::Rng(plan.seed).fork("bare");
  std::vector<SimulatedAgent> agents;
  for (std::uint32_t step = 0; step < plan.length; ++step) {
    agents.emplace_back(rng.fork("agent", step));
    agents.back().have(plan.agent);
  }
  ChainResult out{.chains = plan.chains};
  std::vector<base::Duration> times;
  for (std::uint32_t chain = 0; chain < plan.chains; ++chain) {
    base::Rng ways = rng.fork("ways", chain);
    base::Duration took{};
    bool good = true;
    for (std::uint32_t step = 0; step < plan.length && good; ++step) {
      ++out.calls;
      ++out.attempts;
      const AgentRun run = agents[step].run(chain, "cap", {.call = chain});
      took += run.whole_after;
      for (int way = 0; way < 2; ++way) {
        took += base::Duration(ways.between(latency_min.count(), latency_max.count()));
      }
      good = run.status == 200 && !run.breaks && run.body == good_output && took <= plan.deadline;
    }
    if (!good) continue;
    ++out.good;
    times.push_back(took);
  }
  put_times(times, out);
  return out;
}

ChainResult run_chains(const ChainPlan& plan, const Progress& progress) {
  Scenario scenario;
  scenario.seed = plan.seed;
  scenario.nodes = plan.length * plan.providers + 1;
  scenario.latency_min = latency_min;
  scenario.latency_max = latency_max;
  scenario.agents = {plan.agent};
  scenario.policies = {plan.policy};
  Workload& workload = scenario.workload;
  workload.calls = plan.chains;
  workload.starts = scenario.join_gap * scenario.nodes + seconds(5);
  workload.gap = plan.gap;
  workload.capabilities = plan.length;
  workload.providers = plan.providers;
  workload.idempotent = 1'000'000;
  workload.deadline = plan.deadline;
  workload.callers = 1;
  workload.depth = plan.length;
  scenario.chaos_ends = workload.starts + plan.gap * plan.chains + plan.deadline;

  ChainResult out;
  std::vector<base::Duration> times;
  RunOptions options;
  options.watch = false;
  options.called = [&](const CallResult& result) {
    ++out.chains;
    if (!result.good) return;
    ++out.good;
    times.push_back(result.took);
  };
  options.attempted = [&](const AttemptStarted& started) {
    ++out.attempts;
    if (started.attempt == 1) ++out.calls;
  };
  options.progress = [&](base::Duration simulated, base::Duration total) {
    if (progress)
      progress(std::min(1.0, base::in_milliseconds(simulated) / base::in_milliseconds(total)));
  };
  plan.play(scenario, options);
  put_times(times, out);
  return out;
}

}  // namespace sim::headline
