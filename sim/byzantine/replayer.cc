#include "sim/byzantine/replayer.h"

namespace sim {

void Replayer::on_datagram(const base::Endpoint& /*from*/, const base::Bytes& datagram) {
  if (captured_.size() == captured_max) captured_.pop_front();
  captured_.push_back(datagram);
}

void Replayer::on_turn(const Position& position, Acts& acts) {
  const std::vector<const gossip::Member*> known = others(position);
  if (known.empty()) return;
  for (const gossip::Member* member : known) {
    oldest_.try_emplace(member->record.record.subject, member->record);
  }
  const gossip::Member& listener = *rng().pick(known);
  const base::Endpoint& at = listener.record.record.endpoint;
  for (int i = 0; i < 10 && !captured_.empty(); ++i) {
    acts.emplace_back(
        SayBytes{at, captured_[static_cast<std::size_t>(rng().below(captured_.size()))]});
  }
  gossip::Packet packet;
  for (const auto& [id, record] : oldest_) {
    if (packet.records.size() < 4) packet.records.push_back(record);
  }
  acts.emplace_back(SayPacket{listener.record.record.subject, at, std::move(packet)});
  // Back to its sender, and to ourselves.
  if (!captured_.empty()) {
    acts.emplace_back(SayBytes{rng().pick(known)->record.record.endpoint, captured_.back()});
  }
}

}  // namespace sim
