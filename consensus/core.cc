#include "consensus/core.h"

#include "base/check.h"

#include <algorithm>
#include <utility>

namespace consensus {

namespace {

constexpr std::size_t last_votes_max = 3;

bool newer(const Vote& a, const Vote& b) {
  return std::pair(a.view, a.kind) > std::pair(b.view, b.kind);
}

}  // namespace

Core::Core(const Epoch& epoch, const Parts& parts, base::Instant now)
    : epoch_(epoch),
      parts_(parts),
      last_votes_(epoch.committee().size()),
      entered_(now),
      final_since_(now),
      look_again_(base::Instant::never()),
      next_retransmit_(now) {
  finalized_.hash = epoch.descriptor().anchor_hash;
}

const ViewState* Core::find(View view) const {
  const auto at = views_.find(view);
  return at == views_.end() ? nullptr : &at->second;
}

Timing::Progress Core::progress() const {
  return {.view = view_, .finalized = finalized_.view, .faults = epoch_.committee().faults()};
}

// R0.
void Core::enter(View view, base::Instant now) {
  if (view <= view_) return;
  view_ = view;
  entered_ = now;
  armed_.reset();
  could_propose_.reset();
  leader_nullified_ = false;
  contradicted_ = false;
  forget_old_tallies();
}

void Core::forget_old_tallies() {
  // 3.12: of the newest views only, the others keep their certificates.
  for (auto old = views_.begin(); old != views_.end() && !tallied(old->first); ++old) {
    old->second.notarize.clear();
    old->second.finalize.clear();
    old->second.nullify.clear();
    old->second.unchecked.clear();
  }
}

std::size_t Core::tallied_views() const {
  return static_cast<std::size_t>(std::count_if(views_.begin(), views_.end(), [](const auto& one) {
    const ViewState& state = one.second;
    return !state.notarize.empty() || !state.finalize.empty() || !state.nullify.empty();
  }));
}

// ---- certificates: R4, R6, R7 ----

bool Core::knows(const Certificate& certificate) const {
  if (certificate.view <= finalized_.view) return true;
  if (certificate.kind == VoteKind::finalize) return false;
  const ViewState* state = find(certificate.view);
  return state != nullptr && state->certificate(certificate.kind).has_value();
}

void Core::on_certificate(const crypto::Verified<Certificate>& certificate, Moment at,
                          Effects& effects) {
  if (knows(*certificate)) return;
  const View view = certificate->view;
  parts_.outbox.append(*certificate, effects);
  parts_.relay.on_certificate(*certificate, epoch_, parts_.guard.signer(),
                              parts_.timing.delay(epoch_.committee().faults()), at.now,
                              parts_.outbox);
  if (certificate->kind == VoteKind::finalize) {
    on_finalization(*certificate, at, effects);
    return;
  }
  ViewState& state = views_[view];
  if (certificate->kind == VoteKind::notarize) {
    state.notarization = *certificate;
    if (!parts_.tree.find(certificate->block)) {
      parts_.repair.want_block(certificate->block,
                               epoch_.committee().member(epoch_.leader(view)).node);
    }
  } else {
    state.nullification = *certificate;
  }
  parts_.repair.on_certificate(view);
  if (view + 1 > view_) entry_ = *certificate;
  enter(view + 1, at.now);
}

void Core::on_finalization(const Certificate& certificate, Moment at, Effects& effects) {
  finalized_ = {.view = certificate.view, .hash = certificate.block, .certificate = certificate};
  if (const ViewState* state = find(certificate.view); state != nullptr && state->proposed) {
    decision_took_ = at.now - state->proposed->at;
  }
  views_.erase(views_.begin(), views_.upper_bound(certificate.view));
  parts_.guard.raise_floor(certificate.view);
  parts_.repair.on_finalized(certificate.view);
  final_since_ = at.now;
  if (!uncommitted_since_) uncommitted_since_ = at.now;
  if (!parts_.outbox.replaying()) effects.push_back(Publish{.finalization = certificate});
  if (certificate.view + 1 > view_) entry_ = certificate;
  enter(certificate.view + 1, at.now);
}

void Core::on_uncommitted(base::Instant now) {
  if (!uncommitted_since_) uncommitted_since_ = now;
}

void Core::on_released(const Message& message, Moment at, Effects& effects) {
  if (const auto* vote = std::get_if<Vote>(&message)) {
    if (vote->epoch == epoch_.number() && vote->view > finalized_.view) {
      count(crypto::Verified<Vote>::own(*vote), at, effects);
    }
  } else if (const auto* proposal = std::get_if<Proposal>(&message)) {
    const BlockHeader& header = proposal->block->header();
    if (header.epoch_id != epoch_.id() || header.view <= finalized_.view) return;
    const auto own = parts_.guard.votes().find({header.view, VoteKind::notarize});
    CHECK(own != parts_.guard.votes().end());
    count(crypto::Verified<Vote>::own(own->second.vote), at, effects);
  }
}

std::vector<Certificate> Core::certificates(const std::vector<View>& views) const {
  std::vector<Certificate> found;
  bool with_finalization = false;
  for (const View view : views) {
    if (view <= finalized_.view) {
      with_finalization = true;
      continue;
    }
    const ViewState* state = find(view);
    if (state == nullptr) continue;
    if (state->notarization) found.push_back(*state->notarization);
    if (state->nullification) found.push_back(*state->nullification);
  }
  if (with_finalization && finalized_.certificate) found.push_back(*finalized_.certificate);
  return found;
}

// ---- votes ----

bool Core::wants(const Vote& vote) const {
  // 3.12: within the window, and not one that is here.
  if (vote.view <= finalized_.view || vote.view > view_ + parts_.options.window) return false;
  if (!tallied(vote.view)) return false;
  const ViewState* state = find(vote.view);
  if (state == nullptr) return true;
  const Vote* known = nullptr;
  switch (vote.kind) {
    case VoteKind::notarize:
      known = state->notarize.find(vote.signer);
      break;
    case VoteKind::finalize:
      known = state->finalize.find(vote.signer);
      break;
    case VoteKind::nullify:
      known = state->nullify.find(vote.signer);
      break;
  }
  if (known == nullptr) return true;
  if (known->block == vote.block) return false;
  return !reported_.contains({vote.signer, static_cast<int>(vote.kind)});
}

bool Core::set_aside(const Vote& vote) {
  const auto found = views_.find(vote.view);
  if (found == views_.end() || vote.kind == VoteKind::finalize) return false;
  ViewState& state = found->second;
  const std::optional<Certificate>& certificate = state.certificate(vote.kind);
  if (!certificate || certificate->block != vote.block) return false;
  if (state.tally(vote.kind).find(vote.signer) != nullptr) return false;
  // A nullify vote beside a finalize vote is evidence.
  if (vote.kind == VoteKind::nullify && state.finalize.find(vote.signer) != nullptr) return false;
  parts_.relay.on_vote(vote, epoch_);  // its link says whose it is
  const bool known =
      std::any_of(state.unchecked.begin(), state.unchecked.end(),
                  [&](const Vote& v) { return v.signer == vote.signer && v.kind == vote.kind; });
  if (!known) state.unchecked.push_back(vote);
  return true;
}

std::optional<Vote> Core::contradicted(const Vote& vote) const {
  const ViewState* state = find(vote.view);
  if (state == nullptr) return std::nullopt;
  const auto at = std::find_if(state->unchecked.begin(), state->unchecked.end(),
                               [&](const Vote& other) { return contradict(vote, other); });
  if (at == state->unchecked.end()) return std::nullopt;
  return *at;
}

void Core::drop_set_aside(const Vote& vote) {
  const auto found = views_.find(vote.view);
  if (found == views_.end()) return;
  std::erase_if(found->second.unchecked, [&](const Vote& other) {
    return other.signer == vote.signer && other.kind == vote.kind;
  });
}

bool Core::knows(const Vote& vote) const {
  const auto at = views_.find(vote.view);
  if (at == views_.end()) return false;
  const Vote* known = nullptr;
  switch (vote.kind) {
    case VoteKind::notarize:
      known = at->second.notarize.find(vote.signer);
      break;
    case VoteKind::finalize:
      known = at->second.finalize.find(vote.signer);
      break;
    case VoteKind::nullify:
      known = at->second.nullify.find(vote.signer);
      break;
  }
  return known != nullptr && *known == vote;
}

void Core::on_vote(const crypto::Verified<Vote>& vote, Moment at, Effects& effects) {
  if (!wants(*vote)) return;
  count(vote, at, effects);
}

void Core::keep_newest(const Vote& vote) {
  std::vector<Vote>& kept = last_votes_[vote.signer];
  const auto same = std::find_if(kept.begin(), kept.end(),
                                 [&](const Vote& other) { return says_the_same(vote, other); });
  if (same != kept.end()) return;
  kept.push_back(vote);
  std::sort(kept.begin(), kept.end(), newer);
  if (kept.size() > last_votes_max) kept.pop_back();
}

void Core::count(const crypto::Verified<Vote>& vote, Moment at, Effects& effects) {
  if (!tallied(vote->view)) return;  // said again, of a view whose tallies are gone
  ViewState& state = views_[vote->view];
  if (!state.tally(vote->kind).add(vote, epoch_.committee().size())) {
    look_for_evidence(*vote, state, effects);
    return;
  }
  parts_.relay.on_vote(*vote, epoch_);
  keep_newest(*vote);
  look_for_evidence(*vote, state, effects);
  if (vote->kind == VoteKind::nullify && vote->view == view_ && vote->signer == leader()) {
    leader_nullified_ = true;
  }
  const bool have = vote->kind != VoteKind::finalize && state.certificate(vote->kind).has_value();
  if (have) return;
  const auto certificate = state.tally(vote->kind).certificate(vote->block, epoch_);
  if (!certificate) return;
  on_certificate(crypto::Verified<Certificate>::own(*certificate), at, effects);
}

// 3.14: E1, E2 and E3; each is provable by the two votes alone.
void Core::look_for_evidence(const Vote& vote, const ViewState& state, Effects& effects) {
  const Vote* notarized = state.notarize.find(vote.signer);
  const Vote* finalized = state.finalize.find(vote.signer);
  const Vote* nullified = state.nullify.find(vote.signer);
  if (vote.kind == VoteKind::notarize && notarized != nullptr && notarized->block != vote.block) {
    report({.first = *notarized, .second = vote}, effects);
  }
  if (vote.kind == VoteKind::finalize && finalized != nullptr && finalized->block != vote.block) {
    report({.first = *finalized, .second = vote}, effects);
  }
  if (vote.kind == VoteKind::finalize && nullified != nullptr) {
    report({.first = vote, .second = *nullified}, effects);
  }
  if (vote.kind == VoteKind::nullify && finalized != nullptr) {
    report({.first = *finalized, .second = vote}, effects);
  }
}

namespace {

std::pair<SignerIndex, int> key_of(const Evidence& evidence) {
  const bool mixed = evidence.first.kind != evidence.second.kind;
  return {evidence.first.signer, mixed ? 0 : static_cast<int>(evidence.first.kind)};
}

}  // namespace

bool Core::reported(const Evidence& evidence) const {
  return reported_.contains(key_of(evidence));
}

void Core::report(const Evidence& evidence, Effects& effects) {
  if (parts_.outbox.replaying() || !reported_.insert(key_of(evidence)).second) return;
  parts_.outbox.broadcast(evidence, effects);
  effects.push_back(EvidenceFound{.evidence = evidence});
}

// ---- replay ----

void Core::restore(const Certificate& certificate, Effects& effects) {
  CHECK(parts_.outbox.replaying());
  on_certificate(crypto::Verified<Certificate>::own(certificate), Moment{.now = entered_}, effects);
}

void Core::restore(const Vote& vote) {
  if (vote.epoch != epoch_.number() || vote.view <= finalized_.view) return;
  ViewState& state = views_[vote.view];
  switch (vote.kind) {
    case VoteKind::notarize:
      state.my_notarize = vote.block;
      if (epoch_.leader(vote.view) == vote.signer) {
        state.proposed = {.block = vote.block, .leader_signature = vote.signature, .at = entered_};
      }
      break;
    case VoteKind::finalize:
      state.my_finalize = vote.block;
      break;
    case VoteKind::nullify:
      state.my_nullify = true;
      break;
  }
  // 3.11: cur = the highest of own notarize or nullify, certificate + 1, and 1.
  if (vote.kind != VoteKind::finalize) enter(vote.view, entered_);
  Effects none;
  count(crypto::Verified<Vote>::own(vote), Moment{.now = entered_}, none);
}

std::vector<Record> Core::snapshot() const {
  std::vector<Record> records;
  if (finalized_.certificate) records.emplace_back(*finalized_.certificate);
  for (const auto& [view, state] : views_) {
    for (const auto& certificate : {state.notarization, state.nullification}) {
      if (certificate) records.emplace_back(*certificate);
    }
    for (const auto& hash : {state.my_notarize, state.my_finalize}) {
      if (!hash) continue;
      if (BlockPtr block = parts_.tree.find(*hash)) records.emplace_back(BlockBody{block});
    }
  }
  for (const auto& [key, own] : parts_.guard.votes()) records.emplace_back(OwnVote{own.vote});
  return records;
}

}  // namespace consensus
