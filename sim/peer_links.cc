#include "sim/peer_links.h"

#include <utility>
#include <vector>

namespace sim {

PeerLinks::Pending* PeerLinks::find(Key key, std::uint32_t life) {
  const auto found = pending_.find(key);
  if (found == pending_.end() || found->second.life != life) return nullptr;
  return &found->second;
}

void PeerLinks::ask(NodeIndex from, kernel::AskPeer question) {
  const Key key{from, question.request};
  const std::uint32_t life = world_.life(from);
  const base::Duration timeout = question.timeout;
  const std::optional<NodeIndex> to = world_.node_at(question.at);
  bytes_ += question.body.size();
  pending_.insert_or_assign(key, Pending{life, to, std::move(question), std::nullopt});
  world_.scheduler().after(timeout, [=, this] { fail(key, life, kernel::PeerFailure::timed_out); });
  try_ask(key, life);
}

// Sends the question, or tries again while the way is cut, as TCP does, until the asker gives up.
void PeerLinks::try_ask(Key key, std::uint32_t life) {
  const Pending* pending = find(key, life);
  if (pending == nullptr) return;
  if (!pending->to) {
    world_.scheduler().after(retransmission,
                             [=, this] { fail(key, life, kernel::PeerFailure::unreachable); });
    return;
  }
  Scheduler& scheduler = world_.scheduler();
  const auto when = world_.network().stream(key.first, *pending->to, pending->question.body.size(),
                                            scheduler.now());
  if (when) {
    scheduler.at(*when, [=, this] { arrive(key, life); });
  } else {
    scheduler.after(retransmission, [=, this] { try_ask(key, life); });
  }
}

void PeerLinks::arrive(Key key, std::uint32_t life) {
  Pending* pending = find(key, life);
  if (pending == nullptr) return;
  const NodeIndex to = *pending->to;
  if (world_.life(to) == 0 || !world_.admits(key.first, to)) {
    fail(key, life, kernel::PeerFailure::unreachable);
  } else if (pending->question.node && *pending->question.node != world_.id_of(to)) {
    fail(key, life, kernel::PeerFailure::wrong_identity);
  } else {
    world_.network().link_up(key.first, to);
    pending->number = next_question_++;
    questions_[{to, *pending->number}] = key;
    world_.feed(to, kernel::PeerAsked{*pending->number, world_.id_of(key.first),
                                      world_.address_of(key.first), pending->question.body});
  }
}

void PeerLinks::answer(NodeIndex from, const kernel::AnswerPeer& answer) {
  const auto found = questions_.find({from, answer.question});
  if (found == questions_.end()) return;  // the asker gave up or is gone
  const Key asker = found->second;
  questions_.erase(found);
  bytes_ += answer.body.size();
  const auto pending = pending_.find(asker);
  if (pending == pending_.end()) return;
  try_answer(asker, pending->second.life, from, answer.body);
}

void PeerLinks::try_answer(Key asker, std::uint32_t life, NodeIndex from, const base::Bytes& body) {
  if (find(asker, life) == nullptr) return;
  Scheduler& scheduler = world_.scheduler();
  const auto when = world_.network().stream(from, asker.first, body.size(), scheduler.now());
  if (!when) {
    scheduler.after(retransmission, [=, this] { try_answer(asker, life, from, body); });
    return;
  }
  scheduler.at(*when, [=, this] {
    if (find(asker, life) == nullptr) return;
    pending_.erase(asker);
    world_.feed(asker.first, kernel::PeerAnswered{asker.second, world_.id_of(from), body});
  });
}

void PeerLinks::fail(Key key, std::uint32_t life, kernel::PeerFailure failure) {
  const Pending* pending = find(key, life);
  if (pending == nullptr) return;
  if (pending->number) questions_.erase({*pending->to, *pending->number});
  pending_.erase(key);
  if (world_.life(key.first) == life) {
    world_.feed(key.first, kernel::PeerFailed{key.second, failure});
  }
}

// The link that carried them broke: all that `asker` has under way with `peer` fails.
void PeerLinks::fail_between(NodeIndex asker, NodeIndex peer) {
  std::vector<std::pair<Key, std::uint32_t>> lost;
  for (auto entry = pending_.lower_bound({asker, 0});
       entry != pending_.end() && entry->first.first == asker; ++entry) {
    if (entry->second.to == peer && entry->second.number) {
      lost.emplace_back(entry->first, entry->second.life);
    }
  }
  for (const auto& [key, life] : lost) fail(key, life, kernel::PeerFailure::lost);
}

void PeerLinks::drop(NodeIndex from, const base::NodeId& peer) {
  const std::optional<NodeIndex> to = world_.node_with(peer);
  if (!to || !world_.network().link_down(from, *to)) return;
  fail_between(from, *to);
  fail_between(*to, from);
  if (world_.life(*to) != 0 && world_.network().connected(from, *to)) {
    world_.feed(*to, kernel::LinkLost{world_.id_of(from)});
  }
}

void PeerLinks::stopped(NodeIndex node) {
  pending_.erase(pending_.lower_bound({node, 0}), pending_.lower_bound({node + 1, 0}));
  questions_.erase(questions_.lower_bound({node, 0}), questions_.lower_bound({node + 1, 0}));
  Network& network = world_.network();
  for (const NodeIndex peer : network.linked_with(node)) {
    network.link_down(node, peer);
    const std::uint32_t life = world_.life(peer);
    if (life == 0 || !network.connected(node, peer)) continue;  // told by its own timeouts
    world_.scheduler().after(network.quality(node, peer).latency_max, [=, this] {
      if (world_.life(peer) != life) return;
      fail_between(peer, node);
      world_.feed(peer, kernel::LinkLost{world_.id_of(node)});
    });
  }
}

}  // namespace sim
