#include "consensus/vote_guard.h"

#include "base/check.h"
#include "consensus/statements.h"

#include <algorithm>
#include <utility>

namespace consensus {

std::string_view to_string(Refusal refusal) {
  switch (refusal) {
    case Refusal::abstaining:
      return "this node abstains";
    case Refusal::no_member:
      return "our key is not in the committee";
    case Refusal::other_epoch:
      return "of another epoch";
    case Refusal::below_floor:
      return "at or below the floor";
    case Refusal::other_hash:
      return "another vote of this kind was cast in this view";
    case Refusal::after_nullify:
      return "this view was nullified";
    case Refusal::after_finalize:
      return "this view was finalized";
    case Refusal::behind_newest_view:
      return "a later view was voted in";
  }
  CHECK(false);
  return {};
}

VoteGuard::VoteGuard(std::unique_ptr<VotingKey> key, const Options& options)
    : key_(std::move(key)), options_(options) {}

bool VoteGuard::start_epoch(const Epoch& epoch) {
  if (epoch_ && epoch.number() <= *epoch_) return false;
  epoch_ = epoch.number();
  floor_ = 0;
  newest_ = 0;
  votes_.clear();
  signer_.reset();
  if (!key_) return true;
  const auto& members = epoch.committee().members();
  const auto mine = std::find_if(members.begin(), members.end(), [&](const Validator& member) {
    return member.vote_key == key_->id();
  });
  if (mine != members.end()) signer_ = static_cast<SignerIndex>(mine - members.begin());
  return true;
}

void VoteGuard::abstain() {
  abstains_ = true;
}

void VoteGuard::spend() {
  spent_ = true;
  abstain();
}

void VoteGuard::raise_floor(View floor) {
  if (floor <= floor_) return;
  floor_ = floor;
  votes_.erase(votes_.begin(), votes_.lower_bound({floor + 1, VoteKind::notarize}));
}

void VoteGuard::restore(const Vote& vote) {
  if (epoch_ != vote.epoch || vote.view <= floor_) return;
  votes_[{vote.view, vote.kind}] = {.vote = vote, .position = 0};
  if (vote.kind != VoteKind::finalize) newest_ = std::max(newest_, vote.view);
}

std::optional<Refusal> VoteGuard::refusal(VoteKind kind, const Epoch& epoch, View view,
                                          const base::Digest& block) const {
  if (abstains_ || listening_) return Refusal::abstaining;
  if (!signer_) return Refusal::no_member;
  if (epoch_ != epoch.number()) return Refusal::other_epoch;
  if (view <= floor_) return Refusal::below_floor;
  if (const auto same = votes_.find({view, kind}); same != votes_.end()) {
    if (same->second.vote.block != block) return Refusal::other_hash;
    return std::nullopt;
  }
  const bool nullified = votes_.contains({view, VoteKind::nullify});
  const bool finalized = votes_.contains({view, VoteKind::finalize});
  if (kind == VoteKind::notarize && nullified &&
      options_.weakness != Weakness::notarize_after_nullify) {
    return Refusal::after_nullify;
  }
  if (kind == VoteKind::finalize && nullified &&
      options_.weakness != Weakness::finalize_after_nullify) {
    return Refusal::after_nullify;
  }
  if (kind == VoteKind::nullify && finalized) return Refusal::after_finalize;
  if (kind != VoteKind::finalize && view < newest_) return Refusal::behind_newest_view;
  return std::nullopt;
}

base::Result<Vote, Refusal> VoteGuard::sign(VoteKind kind, const Epoch& epoch, View view,
                                            const base::Digest& block) {
  if (const auto no = refusal(kind, epoch, view, block)) return base::Unexpected{*no};
  if (const auto same = votes_.find({view, kind}); same != votes_.end()) return same->second.vote;
  Vote vote{.kind = kind,
            .epoch = epoch.number(),
            .view = view,
            .block = block,
            .signer = *signer_,
            .signature = key_->sign(vote_statement(kind, epoch.id(), view, block))};
  votes_[{view, kind}] = {.vote = vote, .position = 0};
  if (kind != VoteKind::finalize) newest_ = std::max(newest_, view);
  return vote;
}

std::optional<crypto::Signature> VoteGuard::attest(const Validator& seat,
                                                   const crypto::Statement& ready) const {
  if (abstains_ || !key_ || key_->id() != seat.vote_key) return std::nullopt;
  return key_->sign(ready);
}

void VoteGuard::note(const Vote& vote, LogPosition position) {
  const auto at = votes_.find({vote.view, vote.kind});
  CHECK(at != votes_.end());
  at->second.position = position;
}

}  // namespace consensus
