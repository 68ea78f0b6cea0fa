#include "sim/simulated_agent.h"

#include <string>

namespace sim {

AgentRun SimulatedAgent::run(std::uint64_t request) const {
  base::Rng rng = rng_.fork("request", request);
  AgentRun run;
  if (down_) {
    run.connects = false;
    return run;
  }
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

}  // namespace sim
