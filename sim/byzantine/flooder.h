// Sends far too much: random bytes, bytes that look like a datagram, and valid packets by the
// hundred.
#pragma once

#include "sim/byzantine/adversary.h"

namespace sim {

class Flooder final : public Adversary {
 public:
  using Adversary::Adversary;
  void on_turn(const Position& position, Acts& acts) override;
};

}  // namespace sim
