// Accuses healthy members with its own valid signature, always of their newest record. Several of
// them accuse the same ones, because all begin with the lowest ids.
#pragma once

#include "sim/byzantine/adversary.h"

namespace sim {

class FalseAccuser final : public Adversary {
 public:
  using Adversary::Adversary;
  void on_turn(const Position& position, Acts& acts) override;
};

}  // namespace sim
