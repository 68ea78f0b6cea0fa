#include "consensus/repair.h"

#include <algorithm>

namespace consensus {

void Repair::want_block(const base::Digest& hash, const std::optional<base::NodeId>& first) {
  const auto known = blocks_.find(hash);
  if (known == blocks_.end()) {
    if (blocks_.size() >= options_.wants_max) return;
    blocks_.emplace(hash, Want{.rounds = 0, .due = {}, .first = first, .asked = {}});
  } else if (first && first != known->second.first && !known->second.asked.contains(*first)) {
    known->second.first = first;
    known->second.due = {};
  }
}

void Repair::want_certificates(View view) {
  if (views_.size() >= options_.wants_max) return;
  views_.try_emplace(view);
}

void Repair::want_range(Height from) {
  if (range_ && range_->first == from) return;
  range_ = {from, Want{}};
}

void Repair::clear() {
  blocks_.clear();
  views_.clear();
  range_.reset();
}

bool Repair::due(base::Instant now) const {
  const auto is_due = [&](const auto& entry) { return entry.second.due <= now; };
  return std::any_of(blocks_.begin(), blocks_.end(), is_due) ||
         std::any_of(views_.begin(), views_.end(), is_due) || (range_ && is_due(*range_));
}

const Repair::Want* Repair::most_urgent(base::Instant now) const {
  const Want* most = nullptr;
  const auto weigh = [&](const Want& want) {
    if (want.due <= now && (most == nullptr || want.due < most->due)) most = &want;
  };
  for (const auto& [hash, want] : blocks_) weigh(want);
  for (const auto& [view, want] : views_) weigh(want);
  return most;
}

std::optional<base::NodeId> Repair::pick_free(const std::vector<base::NodeId>& peers,
                                              const std::set<base::NodeId>& but) {
  std::vector<base::NodeId> free;
  std::copy_if(peers.begin(), peers.end(), std::back_inserter(free), [&](const auto& peer) {
    return !outstanding_.contains(peer) && !but.contains(peer);
  });
  if (free.empty()) return std::nullopt;
  return rng_.pick(free);
}

std::optional<base::NodeId> Repair::choose(const Peers& peers, base::Instant now) {
  const auto knows = [&](const base::NodeId& peer) {
    return std::find(peers.members.begin(), peers.members.end(), peer) != peers.members.end() ||
           std::find(peers.others.begin(), peers.others.end(), peer) != peers.others.end();
  };
  for (const auto& [hash, want] : blocks_) {
    if (want.due > now || !want.first) continue;
    if (knows(*want.first) && !outstanding_.contains(*want.first)) return want.first;
  }
  if (const Want* want = most_urgent(now)) {
    if (const auto member = pick_free(peers.members, want->asked)) return member;
    if (const auto other = pick_free(peers.others, want->asked)) return other;
    // Whoever it has not asked is busy, or dead. The other wants need not wait for them.
    if (const auto again = pick_free(peers.members, {})) return again;
    return pick_free(peers.others, {});
  }
  // Decided blocks: many have them, and members have enough to do.
  std::vector<base::NodeId> all = peers.members;
  all.insert(all.end(), peers.others.begin(), peers.others.end());
  return pick_free(all, range_->second.asked);
}

void Repair::put_off(Want& want, const base::NodeId& peer, const Peers& peers, base::Duration delay,
                     base::Instant now) {
  constexpr std::uint32_t doublings_max = 4;
  if (want.first == peer) want.first.reset();
  want.asked.insert(peer);
  want.due = now + delay * (1U << std::min(want.rounds, doublings_max));
  if (want.asked.size() < peers.members.size() + (peers.others.empty() ? 0 : 1)) return;
  ++want.rounds;
  want.asked.clear();
}

void Repair::ask(const base::NodeId& peer, const Place& place, const Peers& peers,
                 base::Instant now, Outbox& outbox, Effects& effects) {
  const base::Duration delay = place.delay;
  GetBlocks blocks;
  for (auto& [hash, want] : blocks_) {
    if (want.due > now || blocks.hashes.size() >= options_.get_max) continue;
    blocks.hashes.push_back(hash);
    put_off(want, peer, peers, delay, now);
  }
  GetCertificates certificates{.epoch = place.epoch, .views = {}};
  for (auto& [view, want] : views_) {
    if (want.due > now || certificates.views.size() >= options_.get_max) continue;
    certificates.views.push_back(view);
    put_off(want, peer, peers, delay, now);
  }
  if (!blocks.hashes.empty()) outbox.send(peer, std::move(blocks), effects);
  if (!certificates.views.empty()) outbox.send(peer, std::move(certificates), effects);
  if (range_ && range_->second.due <= now) {
    outbox.send(peer,
                GetRange{.epoch = place.proven,
                         .from_height = range_->first,
                         .blocks_max = options_.range_blocks_max,
                         .bytes_max = options_.range_bytes_max,
                         .snapshot_after = options_.snapshot_after},
                effects);
    put_off(range_->second, peer, peers, delay, now);
  }
  outstanding_[peer] = now + 2 * delay;
}

void Repair::on_time(const Place& place, const Peers& peers, base::Instant now, Outbox& outbox,
                     Effects& effects) {
  std::erase_if(outstanding_, [&](const auto& entry) { return entry.second <= now; });
  while (outstanding_.size() < options_.repair_parallel_max && due(now)) {
    const auto peer = choose(peers, now);
    if (!peer) {
      // Nobody to ask: look again later, not at once.
      const base::Instant later = now + place.delay;
      for (auto& [hash, want] : blocks_) want.due = std::max(want.due, later);
      for (auto& [view, want] : views_) want.due = std::max(want.due, later);
      if (range_) range_->second.due = std::max(range_->second.due, later);
      return;
    }
    ask(*peer, place, peers, now, outbox, effects);
  }
}

base::Instant Repair::next_deadline() const {
  base::Instant next = base::Instant::never();
  for (const auto& [hash, want] : blocks_) next = std::min(next, want.due);
  for (const auto& [view, want] : views_) next = std::min(next, want.due);
  if (range_) next = std::min(next, range_->second.due);
  if (outstanding_.size() < options_.repair_parallel_max) return next;
  // All are busy: the first that answers or gives up.
  base::Instant free = base::Instant::never();
  for (const auto& [peer, until] : outstanding_) free = std::min(free, until);
  return std::max(next, free);
}

}  // namespace consensus
