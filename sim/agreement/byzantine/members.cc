#include "sim/agreement/byzantine/members.h"

#include <utility>

namespace sim::agreement {

using consensus::Vote;
using consensus::VoteKind;

void HintLiar::on_receive(Villain& villain, std::uint32_t, const consensus::Message&) {
  if (!villain.rng().chance(100'000)) return;
  const std::uint32_t whom = villain.anybody();
  const bool fast = villain.rng().chance(500'000);
  villain.mislead(whom, fast ? base::Duration(1) : std::chrono::seconds(10));
  // The leader of this view or the next, for whoever listens.
  const std::uint32_t accused = villain.anybody();
  for (std::uint32_t before = 0; before < villain.identities(); ++before) {
    if (villain.rng().chance(500'000)) villain.accuse(before, accused);
  }
}

void OpFlooder::on_receive(Villain& villain, std::uint32_t, const consensus::Message&) {
  if (villain.blackout() || !villain.rng().chance(40'000)) return;
  consensus::OpGossip gossip;
  const std::int64_t count = villain.rng().between(1, 80);
  for (std::int64_t i = 0; i < count; ++i) {
    const bool hopeless = villain.rng().chance(100'000);
    std::size_t size = 32;
    if (villain.rng().chance(10'000)) size = 16U * 1024;
    if (villain.rng().chance(2'000)) size = 64U * 1024 + 1;
    // The same sequence twice, and gaps.
    sequence_ += villain.rng().below(3);
    if (auto op = villain.make_op(sequence_, hopeless, size)) gossip.ops.push_back(std::move(*op));
  }
  if (!gossip.ops.empty()) villain.send(villain.anybody(), gossip);
}

void OldMember::on_receive(Villain& villain, std::uint32_t, const consensus::Message& message) {
  const consensus::Epoch& now = villain.epoch();
  if (villain.signer()) {
    epochs_.try_emplace(now.number(), now);
    if (epochs_.size() > epochs_max) epochs_.erase(epochs_.begin());
  }
  if (const auto* vote = std::get_if<Vote>(&message); vote && !vote->block.is_zero()) {
    if (blocks_.size() > 32) blocks_.clear();
    blocks_.push_back(vote->block);
  }
  if (blocks_.empty() || !villain.rng().chance(100'000)) return;
  const auto old = epochs_.begin();
  if (old == epochs_.end() || old->first >= now.number()) return;
  const auto kind = static_cast<VoteKind>(villain.rng().between(1, 3));
  const consensus::View view = 1 + villain.rng().below(villain.view() + 8);
  const base::Digest block =
      kind == VoteKind::nullify ? base::Digest{} : villain.rng().pick(blocks_);
  const auto vote = villain.vote_in(old->second, kind, view, block);
  if (vote) villain.send(villain.anybody(), *vote);
}

bool NeverStarts::on_send(Villain& villain, std::uint32_t, consensus::Message&) {
  return !villain.signer().has_value();
}

}  // namespace sim::agreement
