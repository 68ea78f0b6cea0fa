#include "sim/simulated_agent.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace sim {

namespace {

constexpr std::string_view wrong_output = R"({"text":"I cannot tell."})";
constexpr std::string_view rpc_error =
    R"({"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"overloaded model"}})";
constexpr std::string_view failed_task =
    R"({"jsonrpc":"2.0","id":1,"result":{"kind":"task","id":"t","contextId":"c",)"
    R"("status":{"state":"failed"}}})";

// Between the two, most at their geometric middle: three draws make a bell of the exponent.
base::Duration draw_service(const AgentTraits& traits, base::Rng& rng) {
  constexpr std::uint64_t steps = 1'000'000;
  double bell = 0;
  for (int i = 0; i < 3; ++i) bell += static_cast<double>(rng.below(steps));
  bell /= 3.0 * steps;
  const auto least = static_cast<double>(traits.service_min.count());
  const auto most = static_cast<double>(traits.service_max.count());
  if (least <= 0 || most <= least) return traits.service_min;
  const auto micros = static_cast<std::int64_t>(least * std::pow(most / least, bell) / 1'000);
  return std::chrono::microseconds(micros);
}

void answer_with(std::string_view body, AgentRun& run) {
  run.body = body;
  run.size = body.size();
}

void fail(bool breaks, AgentRun& run) {
  run.breaks = breaks;
  run.status = breaks ? 200 : 500;
  answer_with(R"({"error":"internal"})", run);
}

}  // namespace

AgentRun SimulatedAgent::run(std::uint64_t request, std::string_view capability,
                             const Errand& errand) const {
  base::Rng rng = rng_.fork("request", request);
  AgentRun run;
  if (down_) {
    run.connects = false;
    return run;
  }
  if (traits_) return run_by_traits(rng, capability, errand);
  run.head_after = slow_ + std::chrono::microseconds(rng.between(200, 20'000));
  run.whole_after = run.head_after + std::chrono::microseconds(rng.between(0, 30'000));
  if (rng.chance(flaky_)) {
    run.status = 500;
    run.breaks = rng.chance(300'000);
    if (run.breaks) run.status = 200;
  }
  if (!rng.chance(200'000)) run.size = rng.below(200'000);
  return run;
}

// Each kind of failure is drawn whether or not another one struck, so that a kind that is taken out
// of a scenario leaves the others as they were.
AgentRun SimulatedAgent::run_by_traits(base::Rng rng, std::string_view capability,
                                       const Errand& errand) const {
  const AgentTraits& traits = *traits_;
  AgentRun run;
  run.headers.push_back({"content-type", "application/json"});
  answer_with(good_output, run);
  run.head_after = draw_service(traits, rng) + slow_;
  const bool slow = rng.chance(traits.slow);
  const bool transient = rng.chance(traits.transient);
  const bool flaky = rng.chance(flaky_);
  const bool breaks = rng.chance(300'000);
  const bool wrong = rng.chance(traits.wrong);
  const bool refused = rng.chance(traits.refused);
  const bool task = rng.chance(500'000);
  const bool too_hard = rng.chance(traits.hard_wrong) && errand.hard;
  const bool busy = rng.chance(traits.busy);
  base::Rng of_errand = rng_.fork("errand", errand.call).fork(capability);
  const bool sticky = of_errand.chance(traits.sticky);
  if (slow) run.head_after *= traits.slow_by;
  run.whole_after = run.head_after;
  if (traits.quality > 0) {
    const std::uint32_t grade = std::min(traits.quality, 999'999U);
    run.headers.push_back({"parley-quality", "0." + std::to_string(1'000'000 + grade).substr(1)});
  }
  if (busy) {
    run.status = 429;
    run.headers.push_back({"retry-after", "1"});
    answer_with(R"({"error":"busy"})", run);
  } else if (sticky || transient || flaky) {
    fail(breaks && !sticky, run);
  } else if (refused) {
    run.refuses = true;
    answer_with(task ? failed_task : rpc_error, run);
  } else if (wrong || too_hard) {
    answer_with(wrong_output, run);
  }
  return run;
}

AgentRun SimulatedAgent::failed_further_on() {
  AgentRun run;
  run.status = 502;
  run.headers.push_back({"content-type", "application/json"});
  answer_with(R"({"error":"the next agent failed"})", run);
  return run;
}

// One whose traits are told fails in its work, not in what its health check sees.
AgentRun SimulatedAgent::probed(std::uint64_t probe) const {
  if (!traits_) return run(probe, {}, {});
  AgentRun run;
  run.connects = !down_;
  run.head_after = std::chrono::milliseconds(1);
  return run;
}

std::optional<mesh::AgentDescriptor> describe_agent(std::uint32_t node, std::uint32_t nodes,
                                                    std::uint32_t capabilities,
                                                    std::uint32_t providers,
                                                    std::uint32_t concurrency) {
  mesh::AgentDescriptor descriptor;
  descriptor.concurrency = concurrency;
  descriptor.health.path = "/healthz";
  descriptor.health.interval = std::chrono::seconds(2);
  for (std::uint32_t i = 0; i < capabilities; ++i) {
    // Providers stand side by side, each capability's first one further on.
    const std::uint32_t place = (node + nodes - (i * providers) % nodes) % nodes;
    if (place >= providers) continue;
    mesh::Capability capability;
    capability.name = "cap." + std::to_string(i);
    capability.path = "/cap" + std::to_string(i);
    descriptor.capabilities.push_back(std::move(capability));
  }
  if (descriptor.capabilities.empty()) return std::nullopt;
  return descriptor;
}

void describe_traits(const AgentTraits& traits, mesh::AgentDescriptor& descriptor) {
  descriptor.concurrency = traits.concurrency;
  for (mesh::Capability& capability : descriptor.capabilities) {
    capability.cost_micros = traits.cost;
    capability.proficiency = traits.proficiency;
    if (!traits.checked) continue;
    capability.check.emplace();
    capability.check->pattern = output_pattern;
  }
}

}  // namespace sim
