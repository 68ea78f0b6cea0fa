#include "sim/byzantine/forger.h"

namespace sim {

namespace {

// Another mesh of the same nodes.
base::MeshId foreign(base::MeshId mesh) {
  mesh.bytes.front() ^= std::byte{1};
  return mesh;
}

}  // namespace

void Forger::on_turn(const Position& position, Acts& acts) {
  const std::vector<const gossip::Member*> known = others(position);
  if (known.size() < 2) return;
  const gossip::Member& victim = *rng().pick(known);
  gossip::Packet packet;

  gossip::SignedRecord departure = victim.record;  // its old signature under new words
  departure.record.readiness = gossip::Readiness::left;
  departure.record.version.sequence += 1 + rng().below(1'000);
  packet.records.push_back(departure);
  departure.signature = position.identity.sign(statement_of(departure.record, position.mesh));
  packet.records.push_back(departure);
  departure.record.endpoint.port = 1;
  for (std::byte& byte : departure.signature.bytes) byte = static_cast<std::byte>(rng().next());
  packet.records.push_back(departure);

  // A record of its own that was made for somewhere else.
  const gossip::Member* self = position.membership.find(position.identity.id());
  if (self != nullptr) {
    gossip::SignedRecord stray = self->record;
    stray.record.version.sequence += 1'000'000;
    stray.record.name = "stray";
    stray.signature = position.identity.sign(statement_of(stray.record, foreign(position.mesh)));
    packet.records.push_back(stray);
  }
  for (const gossip::Member* accuser : known) {
    if (accuser == &victim || packet.accusations.size() == 3) continue;
    gossip::SignedAccusation accusation;
    accusation.accusation = {accuser->record.record.subject, victim.record.record.subject,
                             record_digest(victim.record.record, position.mesh)};
    accusation.signature =
        position.identity.sign(statement_of(accusation.accusation, position.mesh));
    packet.accusations.push_back(accusation);
  }
  const gossip::Member& listener = *rng().pick(known);
  acts.emplace_back(SayPacket{listener.record.record.subject, listener.record.record.endpoint,
                              std::move(packet)});
}

}  // namespace sim
