// One node of a simulated world: the kernel that the daemon runs, a disk and clocks that survive
// it, and the process around it that can be stopped, continued and starved. It decides only *when*
// the kernel gets its inputs and whether its effects may go out; the world carries them out.
#pragma once

#include "base/bytes.h"
#include "base/endpoint.h"
#include "crypto/identity.h"
#include "node/kernel/kernel.h"
#include "sim/clock_model.h"
#include "sim/disk.h"
#include "sim/simulated_agent.h"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>

namespace sim {

struct SimulatedNode {
  SimulatedNode(crypto::Identity who, const base::Rng& stream)
      : identity(std::move(who)),
        disk(stream.fork("disk")),
        agent(stream.fork("agent")),
        rng(stream) {}

  const crypto::Identity identity;
  base::Endpoint endpoint;
  ClockModel clock;
  Disk disk;
  SimulatedAgent agent;
  std::optional<mesh::AgentDescriptor> descriptor;
  const base::Rng rng;

  // The process. Empty while it does not run.
  std::unique_ptr<kernel::Kernel> kernel;
  std::uint32_t lives = 0;                       // starts so far
  base::Instant armed = base::Instant::never();  // in the world's time: when the timer fires

  // Why it gets no processor: stopped this many times, or running only at these intervals.
  std::uint32_t pauses = 0;
  std::map<std::size_t, base::Duration> starving;  // by fault
  base::Instant next_turn;                         // while starving
  bool turn_scheduled = false;
  struct Waiting {
    kernel::Input input;
    base::Instant since;
  };
  std::deque<Waiting> inbox;  // datagrams at most datagrams_max
  std::size_t datagrams_waiting = 0;
  bool handling = false;

  // What it wants done, in order; behind a Persist it waits.
  std::deque<kernel::Effect> outbox;
  bool persisting = false;
  bool drained = false;  // ends once what it decided before is carried out

  // A socket's receive buffer: 212,992 bytes by default, which small datagrams fill by their
  // overhead.
  static constexpr std::size_t datagrams_max = 256;

  [[nodiscard]] bool runs() const { return kernel != nullptr; }
};

}  // namespace sim
