// What the mesh's decision for one call costs: arrival, candidates, choice, head, end. Bodies and
// sockets are not in it. The argument is the number of candidates.
#include "mesh/data_plane.h"

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace {

base::NodeId node_of(std::uint64_t number) {
  base::Rng rng(number + 1);
  base::NodeId node;
  for (std::byte& byte : node.bytes) byte = static_cast<std::byte>(rng.below(256));
  return node;
}

mesh::DataPlane plane_with(std::int64_t candidates, std::int64_t members) {
  mesh::DataPlane plane({}, node_of(0), "self", base::Rng(1));
  mesh::Effects effects;
  const base::Instant now = base::Instant::from_nanoseconds(1);
  for (std::int64_t i = 1; i <= members; ++i) {
    mesh::AgentDescriptor agent;
    agent.capabilities.emplace_back().name = i <= candidates ? "text.count" : "other";
    mesh::Provider provider;
    provider.name = "node-" + std::to_string(i);
    provider.descriptor = std::make_shared<const mesh::AgentDescriptor>(std::move(agent));
    plane.on_provider(node_of(static_cast<std::uint64_t>(i)), std::move(provider), now, effects);
  }
  return plane;
}

void run_calls(benchmark::State& state, mesh::DataPlane& plane, const mesh::Headers& headers) {
  mesh::Effects effects;
  std::uint64_t id = 0;
  base::Instant now = base::Instant::from_nanoseconds(1);
  for (auto _ : state) {
    const mesh::ExchangeId exchange{++id};
    plane.on_call(exchange, mesh::FromAgent{},
                  {.capability = "text.count",
                   .method = "POST",
                   .rest = "",
                   .headers = headers,
                   .body_size = 1024,
                   .body_start = {}},
                  now, effects);
    now = now + std::chrono::milliseconds(1);
    plane.on_answered(exchange, 1, {.status = 200, .headers = {}, .body_size = 1024}, now, effects);
    plane.on_completed(exchange, 1, now, effects);
    benchmark::DoNotOptimize(effects.data());
    effects.clear();
  }
}

const mesh::Headers ordinary{
    {"host", "127.0.0.1:7401"},
    {"content-type", "application/json"},
    {"user-agent", "python-requests/2.28"},
    {"accept", "*/*"},
    {"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}};

void DecideOneCall(benchmark::State& state) {
  mesh::DataPlane plane = plane_with(state.range(0), state.range(0));
  run_calls(state, plane, ordinary);
}
BENCHMARK(DecideOneCall)->Arg(1)->Arg(10)->Arg(100);

void DecideOneCallAmongManyMembers(benchmark::State& state) {
  mesh::DataPlane plane = plane_with(10, state.range(0));
  run_calls(state, plane, ordinary);
}
BENCHMARK(DecideOneCallAmongManyMembers)->Arg(100)->Arg(10'000);

// Everything that a policy can ask for, at once.
void DecideOneCallWithAllOfAPolicy(benchmark::State& state) {
  mesh::DataPlane plane = plane_with(state.range(0), state.range(0));
  mesh::Policy policy;
  policy.route = static_cast<mesh::RoutePolicy>(state.range(1));
  policy.quality = mesh::QualityTiers{.prefer = 0.95, .accept = 0.9, .never_below = 0.7};
  policy.hedge = mesh::HedgePolicy{.enabled = true, .after = std::chrono::milliseconds(50)};
  policy.per_try_timeout = std::chrono::seconds(2);
  policy.rate = mesh::RateLimits{.per_caller = mesh::Rate{.per_second = 1e6, .burst = 1'000'000},
                                 .per_capability = std::nullopt,
                                 .per_agent = std::nullopt};
  policy.bulkhead = mesh::Bulkhead{.concurrent_max = 1'000, .adaptive = true};
  policy.fallback = {"other"};
  policy.deferral = mesh::Deferral{};
  mesh::Options options;
  options.policies = {std::move(policy)};
  plane.on_options(std::move(options));
  run_calls(state, plane, ordinary);
}
BENCHMARK(DecideOneCallWithAllOfAPolicy)
    ->ArgNames({"candidates", "policy"})
    ->ArgsProduct({{100}, {0, 1, 2, 3, 4, 5}});

void DecideOneCallWithRequirements(benchmark::State& state) {
  mesh::DataPlane plane = plane_with(state.range(0), state.range(0));
  mesh::Headers headers = ordinary;
  headers.push_back({"parley-require", "proficiency>=novice;version<2"});
  run_calls(state, plane, headers);
}
BENCHMARK(DecideOneCallWithRequirements)->Arg(100);

}  // namespace
