// Answers whoever joins, or compares tables, with nobody but itself and its friends.
#pragma once

#include "sim/byzantine/adversary.h"

namespace sim {

class Eclipser final : public Adversary {
 public:
  using Adversary::Adversary;
  void on_turn(const Position& position, Acts& acts) override;
  void on_answer(const Position& position, gossip::Reply& reply) override;
};

}  // namespace sim
