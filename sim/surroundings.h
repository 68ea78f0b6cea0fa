// What the parts of a world (peer links, exchanges) need from it: time, the network, and who runs.
#pragma once

#include "base/ids.h"
#include "node/kernel/input.h"
#include "sim/network.h"
#include "sim/scenario.h"
#include "sim/scheduler.h"

#include <cstdint>
#include <optional>

namespace sim {

class Surroundings {
 public:
  Surroundings() = default;
  Surroundings(const Surroundings&) = delete;
  Surroundings& operator=(const Surroundings&) = delete;
  virtual ~Surroundings() = default;

  virtual Scheduler& scheduler() = 0;
  virtual Network& network() = 0;
  // Which start of this node runs now, counted from 1; 0 while none does. What was meant for one
  // life must not reach the next.
  [[nodiscard]] virtual std::uint32_t life(NodeIndex node) const = 0;
  [[nodiscard]] virtual const base::NodeId& id_of(NodeIndex node) const = 0;
  [[nodiscard]] virtual base::Endpoint address_of(NodeIndex node) const = 0;
  [[nodiscard]] virtual std::optional<NodeIndex> node_with(const base::NodeId& id) const = 0;
  [[nodiscard]] virtual std::optional<NodeIndex> node_at(const base::Endpoint& endpoint) const = 0;
  // Whether both take the other's handshake.
  [[nodiscard]] virtual bool admits(NodeIndex /*a*/, NodeIndex /*b*/) const { return true; }
  virtual void feed(NodeIndex node, kernel::Input input) = 0;
};

}  // namespace sim
