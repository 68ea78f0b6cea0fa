// Claims to be idle and fast, whatever it does, in records that it signs itself with ever newer
// versions.
#pragma once

#include "sim/byzantine/adversary.h"

namespace sim {

class LoadLiar final : public Adversary {
 public:
  using Adversary::Adversary;
  void on_turn(const Position& position, Acts& acts) override;

 private:
  std::uint64_t lies_ = 0;
};

}  // namespace sim
