// An agent whose output a node knows to be below neverBelow gets nothing but probes from it: no two
// calls within the time that a breaker stays open, whoever else is gone.
#pragma once

#include "sim/checkers/checker.h"

#include <map>
#include <string>
#include <tuple>

namespace sim {

class QualityChecker final : public Checker {
 public:
  explicit QualityChecker(const Truth& truth) : Checker("quality", truth) {}
  void on_attempt(const AttemptDecided& decided) override;
  void on_stopped(const NodeStopped& stopped) override;

 private:
  using Key = std::tuple<NodeIndex, NodeIndex, std::string>;  // caller, agent, capability
  std::map<Key, base::Duration> last_probe_;
};

}  // namespace sim
