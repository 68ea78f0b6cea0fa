// Speaks in the name of others: records that make them leave or move, with signatures that are
// random, copied or its own; accusations that others never made; and its own record signed for
// another mesh.
#pragma once

#include "sim/byzantine/adversary.h"

namespace sim {

class Forger final : public Adversary {
 public:
  using Adversary::Adversary;
  void on_turn(const Position& position, Acts& acts) override;
};

}  // namespace sim
