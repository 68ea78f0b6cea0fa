#include "sim/byzantine/flooder.h"

namespace sim {

void Flooder::on_turn(const Position& position, Acts& acts) {
  const std::vector<const gossip::Member*> known = others(position);
  if (known.empty()) return;
  const gossip::Record& victim = rng().pick(known)->record.record;
  for (int i = 0; i < 100; ++i) {
    base::Bytes garbage(static_cast<std::size_t>(rng().below(1'500)));
    for (std::byte& byte : garbage) byte = static_cast<std::byte>(rng().next());
    // Half of it gets past the first looks: right version, right mesh.
    if (garbage.size() > 4 && i % 2 == 0) {
      garbage[0] = std::byte{0x10};
      for (std::size_t j = 0; j < 3; ++j) garbage[1 + j] = position.mesh.bytes[j];
    }
    acts.emplace_back(SayBytes{victim.endpoint, std::move(garbage)});
  }
  for (std::uint32_t i = 0; i < 100; ++i) {
    gossip::Packet packet;
    packet.body = gossip::Ping{.sequence = i};
    acts.emplace_back(SayPacket{victim.subject, victim.endpoint, std::move(packet)});
  }
}

}  // namespace sim
