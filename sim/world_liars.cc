// Where the adversaries of a world act.
#include "base/match.h"
#include "sim/world.h"
#include "wire/packet_codec.h"

#include <utility>

namespace sim {

bool World::lies(NodeIndex node) const {
  if (liars_.empty()) return false;
  const auto found = liars_.find(node);
  return found != liars_.end() && scheduler_.now() >= found->second.from;
}

Adversary::Position World::position_of(NodeIndex node, const Liar& liar) {
  const SimulatedNode& entry = *nodes_[node];
  return {entry.kernel->membership(), entry.identity, mesh_, liar.friends, scheduler_.now()};
}

void World::take_turn(NodeIndex node) {
  if (calm_) return;  // what must come right in the end comes right without lies
  scheduler_.after(Adversary::turn, [this, node] { take_turn(node); });
  const SimulatedNode& entry = *nodes_[node];
  if (!entry.runs() || entry.persisting || entry.pauses > 0) return;
  Liar& liar = liars_.at(node);
  Acts acts;
  liar.adversary->on_turn(position_of(node, liar), acts);
  for (Act& act : acts) say(node, std::move(act));
}

void World::say(NodeIndex node, Act act) {
  base::match(
      std::move(act),
      [&](SayPacket&& packet) {
        const std::optional<NodeIndex> to = node_with(packet.to);
        Liar& liar = liars_.at(node);
        if (!liar.voice)
          liar.voice.emplace(nodes_[node]->identity, mesh_, voice_epoch, gate_options());
        auto datagram = liar.voice->say(packet.to, packet.packet);
        if (to && datagram) send_raw(node, packet.at, std::move(*datagram));
      },
      [&](SayBytes&& bytes) { send_raw(node, bytes.at, std::move(bytes.datagram)); });
}

std::optional<base::Bytes> World::revoice(NodeIndex from, NodeIndex to, base::ByteView datagram) {
  Liar& liar = liars_.at(from);
  if (!liar.voice) liar.voice.emplace(nodes_[from]->identity, mesh_, voice_epoch, gate_options());
  return liar.voice->pass_on(nodes_[to]->identity, datagram);
}

void World::twist_answer(NodeIndex node, kernel::AnswerPeer& answer) {
  if (calm_) return;
  auto reply = wire::decode_reply(answer.body);
  if (!reply) return;
  const Liar& liar = liars_.at(node);
  liar.adversary->on_answer(position_of(node, liar), *reply.operator->());
  answer.body = wire::encode(*reply.operator->());
}

}  // namespace sim
