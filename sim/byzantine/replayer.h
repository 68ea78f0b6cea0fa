// Says again what was said before: captured datagrams to their receiver and to strangers, and the
// first records that it ever saw of each member.
#pragma once

#include "sim/byzantine/adversary.h"

#include <deque>
#include <map>
#include <utility>

namespace sim {

class Replayer final : public Adversary {
 public:
  using Adversary::Adversary;
  void on_turn(const Position& position, Acts& acts) override;
  void on_datagram(const base::Endpoint& from, const base::Bytes& datagram) override;

 private:
  static constexpr std::size_t captured_max = 200;

  std::deque<base::Bytes> captured_;
  std::map<base::NodeId, gossip::SignedRecord> oldest_;
};

}  // namespace sim
