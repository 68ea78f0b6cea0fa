#include "sim/byzantine/false_accuser.h"

#include <algorithm>

namespace sim {

void FalseAccuser::on_turn(const Position& position, Acts& acts) {
  const std::vector<const gossip::Member*> known = others(position);
  std::vector<gossip::SignedAccusation> accusations;
  for (const gossip::Member* victim : known) {
    const base::NodeId& subject = victim->record.record.subject;
    const bool is_friend = std::find(position.friends.begin(), position.friends.end(), subject) !=
                           position.friends.end();
    if (is_friend || accusations.size() == 4) continue;
    gossip::SignedAccusation accusation;
    accusation.accusation = {position.identity.id(), subject,
                             record_digest(victim->record.record, position.mesh)};
    accusation.signature =
        position.identity.sign(statement_of(accusation.accusation, position.mesh));
    accusations.push_back(accusation);
  }
  if (accusations.empty()) return;
  for (const gossip::Member* listener : known) {
    gossip::Packet packet;
    packet.accusations = accusations;
    acts.emplace_back(SayPacket{listener->record.record.subject, listener->record.record.endpoint,
                                std::move(packet)});
  }
}

}  // namespace sim
