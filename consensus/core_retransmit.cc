// R11: what is said again until it is superseded. Nothing here signs: only votes that are in the
// log already are sent, and certificates are never answered with certificates.
#include "consensus/core.h"

#include <algorithm>
#include <utility>

namespace consensus {

namespace {

constexpr View bitmap_views = 64;
constexpr std::size_t certificates_max = 8;

bool has(std::uint64_t bitmap, View offset) {
  return offset < bitmap_views && (bitmap >> offset & 1U) != 0;
}

}  // namespace

Status Core::status_for(const base::NodeId& peer) const {
  Status status;
  status.epoch = epoch_.number();
  status.epoch_id = epoch_.id();
  status.finalized_view = finalized_.view;
  status.finalized_hash = finalized_.hash;
  status.finalized_height = parts_.tree.root().height;
  status.view = view_;
  status.entry = entry_;
  for (const auto& [view, state] : views_) {
    const View offset = view - finalized_.view - 1;
    if (offset >= bitmap_views) break;
    if (state.notarization) status.have_notarizations |= std::uint64_t{1} << offset;
    if (state.nullification) status.have_nullifications |= std::uint64_t{1} << offset;
  }
  if (const auto index = epoch_.committee().index_of(peer)) {
    status.your_last_votes = last_votes_[*index];
  }
  return status;
}

bool Core::ahead_of(const Status& status) const {
  if (status.finalized_view < finalized_.view) return finalized_.certificate.has_value();
  for (const auto& [view, state] : views_) {
    if (view <= status.finalized_view) continue;
    const View offset = view - status.finalized_view - 1;
    if (state.notarization && !has(status.have_notarizations, offset)) return true;
    if (state.nullification && !has(status.have_nullifications, offset)) return true;
  }
  return false;
}

void Core::on_peer_behind(const base::NodeId& peer, const Status& status, Effects& effects) {
  if (status.finalized_view < finalized_.view && finalized_.certificate) {
    parts_.outbox.send(peer, *finalized_.certificate, effects);
  }
  std::size_t sent = 0;
  for (const auto& [view, state] : views_) {
    if (view <= status.finalized_view) continue;
    const View offset = view - status.finalized_view - 1;
    if (state.notarization && !has(status.have_notarizations, offset)) {
      parts_.outbox.send(peer, *state.notarization, effects);
      ++sent;
    }
    if (state.nullification && !has(status.have_nullifications, offset)) {
      parts_.outbox.send(peer, *state.nullification, effects);
      ++sent;
    }
    if (sent >= certificates_max) return;
  }
}

void Core::retransmit(Moment at, Effects& effects) {
  const Committee& committee = epoch_.committee();
  // An observer has nothing to wait for but bodies.
  const bool often = parts_.guard.signer() ? busy(at) : uncommitted_since_.has_value();
  next_retransmit_ =
      at.now + (often ? parts_.timing.retransmit(committee.faults()) : parts_.options.status_idle);
  const auto self = parts_.guard.signer();
  if (!self) {
    // An observer asks two of them in turn.
    for (int i = 0; i < 2; ++i, ++asked_next_) {
      const base::NodeId& peer =
          committee.member(static_cast<SignerIndex>(asked_next_ % committee.size())).node;
      parts_.outbox.send(peer, status_for(peer), effects);
    }
    return;
  }
  for (const Validator& member : committee.members()) {
    if (member.vote_key == committee.member(*self).vote_key) continue;
    parts_.outbox.send(member.node, status_for(member.node), effects);
  }
  // Of a key that is spent, some may contradict what it promised elsewhere.
  if (often && !parts_.guard.spent()) resend_own(at, effects);
}

void Core::resend_own(Moment at, Effects& effects) {
  std::vector<View> voted;
  for (const auto& [key, own] : parts_.guard.votes()) {
    if (voted.empty() || voted.back() != key.first) voted.push_back(key.first);
  }
  const std::size_t edge = parts_.options.retransmitted_views_max;
  std::vector<Vote> votes;
  for (const auto& [key, own] : parts_.guard.votes()) {
    const auto rank = static_cast<std::size_t>(
        std::lower_bound(voted.begin(), voted.end(), key.first) - voted.begin());
    if (rank >= edge && rank + edge < voted.size()) continue;
    if (own.position <= parts_.outbox.durable()) votes.push_back(own.vote);
  }
  for (const Vote& vote : votes) {
    const bool proposal =
        vote.kind == VoteKind::notarize && epoch_.leader(vote.view) == vote.signer;
    if (!proposal || vote.view != view_ || !resend_proposal(vote, effects)) {
      parts_.outbox.broadcast(vote, effects);
    }
    // Counted again, too: a vote from before a restart may be the one that is missing.
    if (vote.view > finalized_.view) count(crypto::Verified<Vote>::own(vote), at, effects);
  }
}

bool Core::resend_proposal(const Vote& vote, Effects& effects) {
  const BlockPtr block = parts_.tree.find(vote.block);
  if (!block) return false;
  Proposal proposal{.block = block, .justification = {}, .leader_signature = vote.signature};
  const View parent = block->header().parent_view;
  for (View view = vote.view - 1; view > parent; --view) {
    const ViewState* state = find(view);
    if (state != nullptr && state->nullification) {
      proposal.justification.push_back(*state->nullification);
    }
    if (proposal.justification.size() + 1 >= parts_.options.justification_max) break;
  }
  if (parent == finalized_.view) {
    if (finalized_.certificate) proposal.justification.push_back(*finalized_.certificate);
  } else if (const ViewState* state = find(parent); state != nullptr && state->notarization) {
    proposal.justification.push_back(*state->notarization);
  }
  parts_.outbox.broadcast(std::move(proposal), effects);
  return true;
}

}  // namespace consensus
