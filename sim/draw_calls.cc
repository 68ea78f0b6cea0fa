#include "sim/draw_calls.h"

#include "sim/draws.h"
#include "sim/errand.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace sim {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Agents of which each fails in some of the ways that there are.
void draw_agents(Scenario& scenario, base::Rng rng) {
  if (rng.chance(30 * percent)) return;
  const std::uint64_t kinds = 1 + rng.below(3);
  for (std::uint64_t i = 0; i < kinds; ++i) {
    AgentTraits agent;
    if (i > 0) {
      agent.nodes = draw_nodes(rng, 0, scenario.nodes, 1 + rng.below(scenario.nodes));
    }
    agent.service_min = draw_ms(rng, 1, 50);
    agent.service_max = agent.service_min + draw_ms(rng, 0, 400);
    agent.capacity = static_cast<std::uint32_t>(rng.below(6));
    agent.concurrency = static_cast<std::uint32_t>(rng.below(10));
    agent.checked = rng.chance(60 * percent);
    const auto sometimes = [&](std::uint32_t most) {
      const std::uint32_t share = draw_share(rng, most);
      return rng.chance(60 * percent) ? 0 : share;
    };
    agent.transient = sometimes(60);
    agent.sticky = sometimes(20);
    agent.slow = sometimes(20);
    agent.wrong = sometimes(60);
    agent.refused = sometimes(30);
    agent.hard_wrong = sometimes(80);
    agent.busy = sometimes(20);
    agent.quality = sometimes(99);
    agent.cost = static_cast<std::uint32_t>(rng.below(1'000));
    agent.proficiency = static_cast<mesh::Proficiency>(rng.below(3));
    scenario.agents.push_back(std::move(agent));
  }
}

void draw_further_attempts(mesh::Policy& policy, std::uint32_t capabilities, base::Rng rng) {
  if (rng.chance(50 * percent)) {
    policy.attempts = 1 + static_cast<std::uint32_t>(rng.below(5));
    policy.retry_budget = static_cast<double>(rng.below(50)) / 100;
  }
  if (rng.chance(50 * percent)) {
    policy.hedge.emplace();
    policy.hedge->enabled = true;
    if (rng.chance(70 * percent)) policy.hedge->after = draw_ms(rng, 5, 300);
  }
  if (rng.chance(30 * percent)) {
    policy.retry_on = mesh::RetryReasons::usual().add(mesh::RetryReason::application_error);
  }
  if (rng.chance(50 * percent) && policy.capability != "*") {
    policy.fallback = {"cap." + std::to_string(rng.below(capabilities + 1))};
    if (policy.fallback.front() == policy.capability) policy.fallback.clear();
  }
  if (rng.chance(40 * percent)) policy.per_try_timeout = draw_ms(rng, 20, 1'000);
  if (rng.chance(40 * percent)) policy.request_timeout = draw_ms(rng, 100, 3'000);
  if (rng.chance(40 * percent)) policy.on_timeout = static_cast<mesh::OnTimeout>(rng.below(4));
}

void draw_limits(mesh::Policy& policy, base::Rng rng) {
  if (rng.chance(70 * percent)) {
    policy.breaker =
        mesh::BreakerPolicy{.failure_threshold = static_cast<double>(rng.between(1, 8)) / 10,
                            .min_requests = static_cast<std::uint32_t>(rng.between(2, 10)),
                            .window = draw_ms(rng, 1'000, 10'000),
                            .open_for = draw_ms(rng, 200, 8'000),
                            .half_open_requests = static_cast<std::uint32_t>(rng.between(1, 3))};
  }
  if (rng.chance(50 * percent)) {
    policy.outliers =
        mesh::OutlierPolicy{.slower_than = static_cast<double>(rng.between(15, 40)) / 10,
                            .share_max = static_cast<double>(rng.between(1, 10)) / 10,
                            .ejected_for = draw_ms(rng, 200, 5'000)};
  }
  if (rng.chance(40 * percent)) {
    policy.quality = mesh::QualityTiers{.prefer = 0.95, .accept = 0.9, .never_below = 0};
    policy.quality->never_below = static_cast<double>(rng.between(0, 9)) / 10;
  }
  if (rng.chance(20 * percent)) {
    policy.rate.emplace();
    const mesh::Rate rate{.per_second = static_cast<double>(rng.between(1, 20)),
                          .burst = static_cast<std::uint32_t>(rng.between(1, 10))};
    const std::uint64_t which = rng.below(3);
    if (which == 0) policy.rate->per_caller = rate;
    if (which == 1) policy.rate->per_capability = rate;
    if (which == 2) policy.rate->per_agent = rate;
  }
  if (rng.chance(25 * percent)) {
    policy.bulkhead.emplace();
    policy.bulkhead->concurrent_max = static_cast<std::uint32_t>(rng.between(1, 8));
    policy.bulkhead->adaptive = rng.chance(50 * percent);
  }
}

// What users inject into their own calls, and answers that stop in the middle.
void draw_injected(mesh::Policy& policy, base::Rng rng) {
  if (rng.chance(20 * percent)) policy.idle_timeout = draw_ms(rng, 20, 500);
  if (rng.chance(20 * percent)) {
    mesh::FaultRule rule;
    rule.share = draw_share(rng, 30);
    rule.delay = draw_ms(rng, 1, 800);
    policy.faults.push_back(rule);
  }
  if (rng.chance(20 * percent)) {
    mesh::FaultRule rule;
    rule.share = draw_share(rng, 30);
    rule.abort = rng.chance(50 * percent) ? 503 : 500;
    policy.faults.push_back(rule);
  }
  if (rng.chance(20 * percent)) {
    mesh::FaultRule rule;
    rule.share = draw_share(rng, 30);
    rule.answer = std::string(injected_output);
    policy.faults.push_back(rule);
  }
}

void draw_policies(Scenario& scenario, const base::Rng& root) {
  base::Rng rng = root.fork("policies");
  const std::uint64_t count = rng.below(3);
  for (std::uint64_t i = 0; i < count; ++i) {
    mesh::Policy policy;
    policy.capability =
        i == 0 ? "*" : "cap." + std::to_string(rng.below(scenario.workload.capabilities));
    if (rng.chance(60 * percent)) policy.route = static_cast<mesh::RoutePolicy>(rng.below(7));
    draw_further_attempts(policy, scenario.workload.capabilities, root.fork("attempts", i));
    draw_limits(policy, root.fork("limits", i));
    draw_injected(policy, root.fork("injected", i));
    scenario.policies.push_back(std::move(policy));
  }
}

void draw_errands(Workload& workload, base::Rng rng) {
  if (rng.chance(40 * percent)) workload.depth = 1 + static_cast<std::uint32_t>(rng.below(4));
  if (rng.chance(40 * percent)) {
    workload.hard = draw_share(rng, 80);
    workload.misjudged = draw_share(rng, 30);
  }
  if (rng.chance(40 * percent)) workload.low = draw_share(rng, 80);
  // Many at once, so that limits are met.
  if (rng.chance(20 * percent)) workload.gap = draw_ms(rng, 1, 10);
}

}  // namespace

void draw_calls(Scenario& scenario, base::Rng& rng, const base::Rng& root) {
  Workload& workload = scenario.workload;
  workload.calls = static_cast<std::uint32_t>(rng.between(20, 300));
  workload.gap = draw_ms(rng, 5, 150);
  workload.capabilities = static_cast<std::uint32_t>(rng.between(1, 4));
  workload.providers = static_cast<std::uint32_t>(rng.between(1, 3));
  workload.deadline = draw_ms(rng, 300, 8'000);
  draw_errands(workload, root.fork("errands"));
  draw_agents(scenario, root.fork("agents"));
  draw_policies(scenario, root);
  workload.defers = rng.fork("defers").chance(50 * percent);
}

}  // namespace sim
