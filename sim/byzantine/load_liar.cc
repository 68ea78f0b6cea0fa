#include "sim/byzantine/load_liar.h"

namespace sim {

void LoadLiar::on_turn(const Position& position, Acts& acts) {
  const gossip::Member* self = position.membership.find(position.identity.id());
  const std::vector<const gossip::Member*> known = others(position);
  if (self == nullptr || known.empty()) return;
  gossip::SignedRecord praise = self->record;
  praise.record.version.sequence += ++lies_;
  praise.record.readiness = gossip::Readiness::serving;
  praise.record.load = {.in_flight = 0, .concurrency = 1'000'000, .latency_micros = 1};
  praise.signature = position.identity.sign(statement_of(praise.record, position.mesh));
  gossip::Packet packet;
  packet.records.push_back(praise);
  const gossip::Record& listener = rng().pick(known)->record.record;
  acts.emplace_back(SayPacket{listener.subject, listener.endpoint, std::move(packet)});
}

}  // namespace sim
