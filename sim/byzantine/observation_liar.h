// Says in reports of its own, validly signed, that its friends' agents never fail and answer at
// once, and that all others always fail; and passes on nobody's reports but those of its friends.
#pragma once

#include "sim/byzantine/adversary.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace sim {

class ObservationLiar final : public Adversary {
 public:
  using Adversary::Adversary;
  void on_turn(const Position& position, Acts& acts) override;
  void on_answer(const Position& position, gossip::Reply& reply) override;

 private:
  [[nodiscard]] gossip::SignedReport lie(const Position& position, const std::string& capability);

  std::map<std::string, std::set<base::NodeId>> heard_of_;  // who is spoken of, by capability
  std::uint64_t lies_ = 0;
};

}  // namespace sim
