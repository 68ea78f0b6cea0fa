// A death does not stay hidden: some time after a node crashed, no calm node takes it for alive.
// How long that may take depends on whether the rest of the mesh is calm meanwhile.
#pragma once

#include "sim/checkers/checker.h"

#include <map>
#include <vector>

namespace sim {

class DeathKnownChecker final : public Checker {
 public:
  explicit DeathKnownChecker(const Truth& truth);
  void on_view(const ViewChange& change) override;
  void on_started(const NodeStarted& started) override;
  void on_stopped(const NodeStopped& stopped) override;
  void on_second(base::Duration at) override;

  // From a crash in a calm mesh to the last calm node that knew of it; 0 = there was none.
  [[nodiscard]] base::Duration slowest() const { return slowest_; }

 private:
  struct Crash {
    base::Duration at{};
    bool calm = true;  // no other disturbance since, and most nodes are up
  };
  [[nodiscard]] bool most_are_up() const;
  [[nodiscard]] base::Duration bound(const Crash& crash) const;

  std::vector<std::vector<bool>> alive_;  // observer, subject: the observer takes it for alive
  std::map<NodeIndex, Crash> crashes_;    // of nodes that are down and not yet known by all to be
  base::Duration slowest_{};
};

}  // namespace sim
