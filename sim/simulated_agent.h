// The user's program beside a node: how long it takes to answer, and how it fails. What becomes of
// a request is drawn from a stream of its own, keyed by the request; what sticks to an errand is
// keyed by the errand, so that it fails here whenever it is tried.
#pragma once

#include "base/rng.h"
#include "base/time.h"
#include "mesh/call.h"
#include "mesh/descriptor.h"
#include "sim/agent_traits.h"
#include "sim/errand.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sim {

// What becomes of one request, known from its start.
struct AgentRun {
  bool connects = true;
  int status = 200;
  base::Duration head_after{};        // the agent's own work
  base::Duration whole_after{};       // from the request; not before head_after
  bool breaks = false;                // the connection ends where the answer would be whole
  std::optional<std::uint64_t> size;  // nothing: a stream of unknown length
  std::string body;                   // what can be seen of it
  mesh::Headers headers;

  // Whether it comes as far as asking the next agent.
  [[nodiscard]] bool goes_on() const { return status == 200 && !breaks && !refuses; }
  bool refuses = false;  // says in its own words that it failed
};

class SimulatedAgent {
 public:
  explicit SimulatedAgent(base::Rng rng) : rng_(rng) {}

  [[nodiscard]] AgentRun run(std::uint64_t request, std::string_view capability,
                             const Errand& errand) const;
  // Its answer if the next agent did not do its part.
  [[nodiscard]] static AgentRun failed_further_on();
  // What it answers to the health checks of its node.
  [[nodiscard]] AgentRun probed(std::uint64_t probe) const;

  void have(const AgentTraits& traits) { traits_ = traits; }
  [[nodiscard]] std::uint32_t capacity() const { return traits_ ? traits_->capacity : 0; }
  [[nodiscard]] std::optional<std::uint32_t> concurrency() const {
    return traits_ ? std::optional(traits_->concurrency) : std::nullopt;
  }
  void set_down(bool down) { down_ = down; }
  [[nodiscard]] bool down() const { return down_; }
  void set_slow(base::Duration by) { slow_ = by; }
  void set_flaky(std::uint32_t ppm) { flaky_ = ppm; }

 private:
  [[nodiscard]] AgentRun run_by_traits(base::Rng rng, std::string_view capability,
                                       const Errand& errand) const;

  base::Rng rng_;
  std::optional<AgentTraits> traits_;
  bool down_ = false;
  base::Duration slow_{};
  std::uint32_t flaky_ = 0;  // ppm
};

// What the agent of node `node` offers: some of `capabilities` named "cap.0", "cap.1", ... so that
// each has `providers` among `nodes`. Nothing if it offers none.
[[nodiscard]] std::optional<mesh::AgentDescriptor> describe_agent(std::uint32_t node,
                                                                  std::uint32_t nodes,
                                                                  std::uint32_t capabilities,
                                                                  std::uint32_t providers,
                                                                  std::uint32_t concurrency);
// What its traits say besides.
void describe_traits(const AgentTraits& traits, mesh::AgentDescriptor& descriptor);

}  // namespace sim
