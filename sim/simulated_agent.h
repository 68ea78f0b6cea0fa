// The user's program beside a node: how long it takes to answer, and how it fails. What becomes of
// a request is drawn from a stream of its own, keyed by the call that it belongs to.
#pragma once

#include "base/rng.h"
#include "base/time.h"
#include "mesh/descriptor.h"

#include <cstdint>
#include <optional>
#include <string>

namespace sim {

// What becomes of one request, known from its start.
struct AgentRun {
  bool connects = true;
  int status = 200;
  base::Duration head_after{};
  base::Duration whole_after{};       // from the request; not before head_after
  bool breaks = false;                // the connection ends where the answer would be whole
  std::optional<std::uint64_t> size;  // nothing: a stream of unknown length
  std::string body;                   // what can be seen of it
};

class SimulatedAgent {
 public:
  explicit SimulatedAgent(base::Rng rng) : rng_(rng) {}

  [[nodiscard]] AgentRun run(std::uint64_t request) const;

  void set_down(bool down) { down_ = down; }
  [[nodiscard]] bool down() const { return down_; }
  void set_slow(base::Duration by) { slow_ = by; }
  void set_flaky(std::uint32_t ppm) { flaky_ = ppm; }

 private:
  base::Rng rng_;
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

}  // namespace sim
