// What is really so in a world, as opposed to what its nodes believe: who runs, who is disturbed by
// a fault, who is honest. Checkers judge beliefs by it.
//
// A node is disturbed while a fault that would explain its death to the others lies on it, and calm
// since the last such fault ended. Starving nodes, lossy links (up to a fifth), drifting and
// jumping clocks do not explain the death of another node, so they disturb nobody but who starves.
#pragma once

#include "base/check.h"
#include "base/time.h"
#include "sim/scenario.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace sim {

class Truth {
 public:
  explicit Truth(std::uint32_t nodes) : nodes_(nodes) {}

  // ---- written by the world ----
  void started(NodeIndex node, base::Duration at) { set_up(node, true, at); }
  void stopped(NodeIndex node, base::Duration at) { set_up(node, false, at); }
  void disturb(NodeIndex node) { ++nodes_.at(node).disturbances; }
  void calm(NodeIndex node, base::Duration at) {
    CHECK(nodes_.at(node).disturbances > 0);
    --nodes_.at(node).disturbances;
    nodes_.at(node).since = at;
  }
  void dishonest(NodeIndex node) { nodes_.at(node).honest = false; }

  // ---- read by checkers ----
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(nodes_.size()); }
  [[nodiscard]] bool up(NodeIndex node) const { return nodes_.at(node).up; }
  [[nodiscard]] bool honest(NodeIndex node) const { return nodes_.at(node).honest; }
  [[nodiscard]] std::uint32_t liars() const {
    return static_cast<std::uint32_t>(
        std::count_if(nodes_.begin(), nodes_.end(), [](const Node& node) { return !node.honest; }));
  }
  [[nodiscard]] base::Duration changed(NodeIndex node) const { return nodes_.at(node).changed; }
  // How long it runs undisturbed; negative if it does not.
  [[nodiscard]] base::Duration calm_for(NodeIndex node, base::Duration at) const {
    const Node& entry = nodes_.at(node);
    if (!entry.up || entry.disturbances > 0) return base::Duration(-1);
    return at - std::max(entry.since, entry.changed);
  }
  // All nodes that run have been calm for that long.
  [[nodiscard]] bool all_calm_for(base::Duration time, base::Duration at) const {
    for (NodeIndex node = 0; node < size(); ++node) {
      if (up(node) && calm_for(node, at) < time) return false;
    }
    return true;
  }

 private:
  struct Node {
    bool up = false;
    bool honest = true;
    std::uint32_t disturbances = 0;
    base::Duration since{};    // the end of the last disturbance
    base::Duration changed{};  // of `up`
  };
  void set_up(NodeIndex node, bool up, base::Duration at) {
    nodes_.at(node).up = up;
    nodes_.at(node).changed = at;
  }

  std::vector<Node> nodes_;
};

}  // namespace sim
