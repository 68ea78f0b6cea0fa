// Messages between nodes: who may hear whom, what is lost, late, or heard twice.
#include "base/match.h"
#include "sim/agreement/instance.h"
#include "sim/agreement/villain_view.h"
#include "sim/agreement/world.h"

#include <algorithm>
#include <utility>

namespace sim::agreement {

std::uint32_t World::identity_of(const base::NodeId& node) const {
  const auto at = numbers_.find(node);
  CHECK(at != numbers_.end());
  return at->second;
}

void World::regroup() {
  if (healed_ || !plan_.partitions) {
    group_.clear();
    return;
  }
  group_.clear();
  if (network_rng_.chance(600'000)) {
    for (std::uint32_t i = 0; i < plan_.identities; ++i) {
      group_.push_back(static_cast<std::uint8_t>(network_rng_.below(2)));
    }
  }
  push({.at = now_ + std::chrono::milliseconds(network_rng_.between(200, 3000)),
        .kind = EventKind::regroup});
}

// With splits by view the sender's view counts. Otherwise a liar is heard on both sides; the halves
// of a twin live on one side each.
bool World::cut(const Instance& from, const Instance& to) const {
  if (healed_) return false;
  if (!plan_.splits.empty()) {
    const consensus::View view = from.replica->standing().view;
    const bool started = now_ >= plan_.submissions.front().at;  // all have asked for their votes
    if (!started || view > plan_.splits.size()) return false;
    const std::uint32_t split = plan_.splits[view - 1];
    return ((split >> from.number) & 1U) != ((split >> to.number) & 1U);
  }
  if (group_.empty()) return false;
  const bool twins_from = instances_of_[from.identity].size() > 1;
  const bool twins_to = instances_of_[to.identity].size() > 1;
  if (twins_from && twins_to) return from.twin != to.twin;
  if (twins_from) return group_[to.identity] != from.twin;
  if (twins_to) return group_[from.identity] != to.twin;
  if (!from.honest || !to.honest) return false;
  return group_[from.identity] != group_[to.identity];
}

// Half of what takes twice as long takes four times as long, and so on; behind a narrow way things
// queue up until chaos ends.
base::Duration World::chaotic_delay(std::uint32_t from, std::uint32_t to,
                                    const consensus::Message& message) {
  base::Duration delay(network_rng_.between(500'000, plan_.latency_max.count()));
  if (plan_.tail_ppm > 0 && network_rng_.chance(plan_.tail_ppm)) {
    do {
      delay *= 2;
    } while (delay < Plan::tail_max && network_rng_.chance(500'000));
    delay = std::min(delay, Plan::tail_max);
  }
  if (plan_.rate == 0) return delay;
  const auto bytes = static_cast<std::int64_t>(size_of(message));
  base::Duration& free = free_at_[{from, to}];
  free = std::max(free, now_) + bytes * base::Duration(std::chrono::seconds(1)) / plan_.rate;
  free = std::min(free, std::max(now_, plan_.chaos_ends));
  return delay + (free - now_);
}

void World::transmit(Instance& from, std::uint32_t to, const MessagePtr& message,
                     base::Duration after) {
  ++figures_.messages;
  for (const std::uint32_t number : instances_of_[to]) {
    const Instance& target = *instances_[number];
    if (target.dead || cut(from, target)) continue;
    base::Duration delay = std::chrono::microseconds(network_rng_.between(500, 20'000));
    if (!healed_ && choices_.any()) {
      // Mostly soon, so that views make progress; late enough to miss a timer, or never.
      const std::uint8_t choice = choices_.next();
      if (choice >= 250) continue;
      delay = std::chrono::milliseconds(choice < 160 ? 1 + choice % 8 : (choice - 159) * 12);
    } else if (!healed_) {
      if (network_rng_.chance(plan_.loss_ppm)) continue;
      delay = chaotic_delay(from.number, number, *message);
      if (network_rng_.chance(plan_.replay_ppm)) {
        push({.at = now_ + delay + std::chrono::milliseconds(network_rng_.between(1, 8000)),
              .kind = EventKind::deliver,
              .instance = number,
              .from = from.identity,
              .message = message});
      }
    }
    push({.at = now_ + delay + after,
          .kind = EventKind::deliver,
          .instance = number,
          .from = from.identity,
          .message = message});
  }
}

// What an honest node says with its signature, at the moment it leaves.
void World::see_release(Instance& from, const consensus::Message& message) {
  const bool to_all = std::holds_alternative<consensus::Vote>(message) ||
                      std::holds_alternative<consensus::Proposal>(message);
  const std::size_t members = epoch_of(from).committee().size();
  for (std::size_t i = 0; i < (to_all ? members - 1 : 1); ++i) {
    pace_.on_sent(from.identity, message, members, now_);
  }
  const auto see = [&](const consensus::Vote& vote) {
    const auto at = from.vote_positions.find({vote.epoch, vote.view, vote.kind});
    const bool known = at != from.vote_positions.end();
    const bool forgetful = plan_.weakness == consensus::Weakness::guard_forgets;
    const bool durable = forgetful || (known && at->second <= from.storage.durable());
    oracle_.on_released(from.identity, vote, epoch_of(from), durable, from.epoch);
    if (!known) return;
    from.released.insert_or_assign({vote.epoch, vote.view, vote.kind}, vote);
    from.released_at = std::max(from.released_at, at->second);
  };
  if (const auto* vote = std::get_if<consensus::Vote>(&message)) {
    see(*vote);
  } else if (const auto* certificate = std::get_if<consensus::Certificate>(&message)) {
    see_certificate(from, *certificate);
  } else if (const auto* proposal = std::get_if<consensus::Proposal>(&message)) {
    const consensus::BlockHeader& header = proposal->block->header();
    // What is said again was first said when it could not be held to those times.
    const bool first =
        !from.released.contains({from.epoch, header.view, consensus::VoteKind::notarize});
    if (first) watch_proposal(from, *proposal->block);
    see({.kind = consensus::VoteKind::notarize,
         .epoch = from.epoch,
         .view = header.view,
         .block = proposal->block->hash(),
         .signer = header.proposer,
         .signature = proposal->leader_signature});
    for (const consensus::Certificate& shown : proposal->justification)
      see_certificate(from, shown);
  }
}

void World::broadcast(Instance& from, consensus::Message message) {
  if (from.honest) {
    see_release(from, message);
    const auto shared = std::make_shared<const consensus::Message>(std::move(message));
    for (const consensus::Validator& member : epoch_of(from).committee().members()) {
      const std::uint32_t to = identity_of(member.node);
      if (to != from.identity) transmit(from, to, shared);
    }
    return;
  }
  for (const auto& way : from.ways) way->on_broadcast(*from.villain, message);
  for (const consensus::Validator& member : epoch_of(from).committee().members()) {
    const std::uint32_t to = identity_of(member.node);
    if (to != from.identity) send_as(from, to, message);
  }
}

void World::send_as(Instance& from, std::uint32_t to, consensus::Message message) {
  if (from.honest) {
    see_release(from, message);
  } else {
    for (const auto& way : from.ways) {
      if (!way->on_send(*from.villain, to, message)) return;
    }
  }
  transmit(from, to, std::make_shared<const consensus::Message>(std::move(message)));
}

}  // namespace sim::agreement
