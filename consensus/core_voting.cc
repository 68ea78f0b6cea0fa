// What this node itself says: proposals (R1) and votes (R2, R3, R5), and the timers that make it.
#include "base/check.h"
#include "consensus/core.h"
#include "consensus/statements.h"

#include <algorithm>
#include <utility>

namespace consensus {

namespace {

// Ops under way together that are worth waiting for, and so many that a block gets hardly cheaper.
constexpr std::size_t crowd_min = 4;
constexpr std::size_t crowd_max = 64;
constexpr base::Duration gather_max = std::chrono::milliseconds(8);

}  // namespace

// R9.
bool Core::busy(Moment at) {
  if (view_ > finalized_.view + 1) return true;
  if (uncommitted_since_) return true;
  if (at.now >= final_since_ + parts_.options.heartbeat) return true;
  return op_pending(at);
}

// On the tip that a block would be built on now.
bool Core::op_pending(Moment at) {
  if (parts_.mempool.size() == 0) return false;
  base::Digest tip = finalized_.hash;
  for (auto state = views_.rbegin(); state != views_.rend(); ++state) {
    const auto& notarization = state->second.notarization;
    if (!notarization || !parts_.tree.executed(notarization->block)) continue;
    tip = notarization->block;
    break;
  }
  const auto parent = parts_.tree.parent(tip);
  if (!parent || behind_seal(*parent, epoch_.id())) return false;
  const bool committed = tip == parts_.tree.root().hash;
  return parts_.mempool.eligible(context_on(*parent, at), committed, at.now);
}

BlockContext Core::context_on(const ParentBlock& parent, Moment at) const {
  return {.parent = parent.hash,
          .epoch_id = epoch_.id(),
          .epoch = epoch_.number(),
          .height = parent.height + 1,
          .timestamp_ms = std::max(at.wall_ms, parent.timestamp_ms + 1),
          .tail = behind_seal(parent, epoch_.id())};
}

void Core::arm(Moment at) {
  if (!busy(at)) {
    armed_.reset();
    busy_since_.reset();
    return;
  }
  if (!busy_since_) {
    busy_since_ = at.now;
    const auto soon = at.now + parts_.timing.retransmit(epoch_.committee().faults());
    next_retransmit_ = std::min(next_retransmit_, soon);
  }
  if (!armed_) armed_ = at.now;
}

void Core::evaluate(Moment at, Effects& effects) {
  look_again_ = base::Instant::never();
  arm(at);
  propose(at, effects);
  notarize(at, effects);
  finalize(at, effects);
  nullify(at, effects);
  parts_.relay.on_time(at.now, parts_.outbox, effects);
  if (at.now >= next_retransmit_) retransmit(at, effects);
}

base::Instant Core::next_deadline() const {
  base::Instant next = std::min({look_again_, next_retransmit_, parts_.relay.next_deadline()});
  if (!armed_) return std::min(next, final_since_ + parts_.options.heartbeat);
  if (!may_vote()) return next;
  const ViewState* state = find(view_);
  if (state != nullptr && (state->my_nullify || state->my_finalize)) return next;
  next = std::min(next, *armed_ + parts_.timing.view(progress()));
  const bool proposed = state != nullptr && state->proposed;
  if (!proposed) next = std::min(next, *armed_ + parts_.timing.lead(progress(), op_was_pending_));
  return next;
}

bool Core::cast(VoteKind kind, View view, const base::Digest& block, Effects& effects, Vote& vote) {
  const auto signed_vote = parts_.guard.sign(kind, epoch_, view, block);
  if (!signed_vote) {
    // A bug of this Core: it was about to break a promise.
    parts_.guard.abstain();
    effects.push_back(Alarm{.kind = Alarm::Kind::guard_refused,
                            .text = std::string(to_string(signed_vote.error()))});
    return false;
  }
  vote = *signed_vote;
  parts_.guard.note(vote, parts_.outbox.append(OwnVote{.vote = vote}, effects));
  return true;
}

void Core::stop(const std::string& why, Effects& effects) {
  if (stopped_) return;
  stopped_ = true;
  effects.push_back(Alarm{.kind = Alarm::Kind::invalid_notarized, .text = why});
}

// ---- R1 ----

std::optional<Core::ParentChoice> Core::choose_parent(Effects& effects) {
  ParentChoice choice;
  for (View view = view_ - 1; view > finalized_.view; --view) {
    const ViewState* state = find(view);
    if (state != nullptr && state->notarization) {
      const base::Digest& hash = state->notarization->block;
      const BlockTree::Standing standing = parts_.tree.settle(hash);
      if (standing.kind == BlockTree::Standing::Kind::valid) {
        choice.view = view;
        choice.hash = hash;
        choice.justification.push_back(*state->notarization);
        return choice;
      }
      if (standing.kind == BlockTree::Standing::Kind::missing) {
        parts_.repair.want_block(standing.missing);
      } else {
        stop(standing.fault, effects);
      }
    }
    if (state == nullptr || !state->nullification) {
      parts_.repair.want_certificates(view);
      return std::nullopt;
    }
    choice.justification.push_back(*state->nullification);
  }
  const BlockTree::Standing standing = parts_.tree.settle(finalized_.hash);
  if (standing.kind != BlockTree::Standing::Kind::valid) return std::nullopt;
  choice.view = finalized_.view;
  choice.hash = finalized_.hash;
  if (finalized_.certificate) choice.justification.push_back(*finalized_.certificate);
  return choice;
}

void Core::propose(Moment at, Effects& effects) {
  if (!may_vote() || leader() != parts_.guard.signer()) return;
  const ViewState* state = find(view_);
  if (state != nullptr && (state->my_nullify || state->my_notarize)) return;
  if (!armed_) return;
  const auto patience = parts_.timing.retransmit(epoch_.committee().faults());
  if (uncommitted_since_ && *uncommitted_since_ + patience <= at.now) {
    // Still syncing: it cannot propose, so it says so at once. But not in every view for ever, or
    // a mesh that is syncing as a whole would nullify at the speed of its network.
    contradicted_ = view_ <= finalized_.view + epoch_.committee().size();
    return;
  }
  const auto choice = choose_parent(effects);
  if (!choice) return;
  const auto parent = parts_.tree.parent(choice->hash);
  CHECK(parent.has_value());
  const bool tail = behind_seal(*parent, epoch_.id());
  const bool committed = choice->hash == parts_.tree.root().hash;
  const bool empty = tail || !parts_.mempool.eligible(context_on(*parent, at), committed, at.now);
  // The finalization of the block before may be on its way: then there is nothing to do.
  const base::Instant patience_end =
      empty ? entered_ + parts_.timing.empty(epoch_.committee().faults())
            : gather_until(*parent, at);
  if (at.now < patience_end) {
    look_again_ = std::min(look_again_, patience_end);
    return;
  }
  propose_on(*choice, *parent, at, effects);
}

void Core::note_crowd() {
  crowd_ = std::max(parts_.mempool.size(), crowd_ / 2);
}

// A block costs every member the same, whatever it holds, so it is worth a moment until as many ops
// as were under way together lately are here again: their authors propose the next ones once the
// last ones are decided. Half the time of a decision at most, and far less than T_lead.
base::Instant Core::gather_until(const ParentBlock& parent, Moment at) {
  if (!could_propose_) could_propose_ = at.now;
  const std::size_t known = parts_.mempool.size();
  const std::size_t fresh = known - std::min(known, parts_.tree.ops_under_way(parent.hash));
  if (crowd_ < crowd_min || fresh >= std::min(crowd_, crowd_max)) return at.now;
  return std::max(*could_propose_, final_since_) + std::min(decision_took_ / 2, gather_max);
}

void Core::propose_on(const ParentChoice& choice, const ParentBlock& parent, Moment at,
                      Effects& effects) {
  const BlockContext context = context_on(parent, at);
  std::vector<base::ByteView> candidates;
  const Height depth = parent.height - std::min(parent.height, parts_.tree.root().height);
  if (!context.tail && depth < parts_.options.unfinalized_ops_depth_max) {
    candidates = parts_.mempool.candidates(epoch_.parameters());
  }
  const Selected selected = parts_.application.select(context, candidates);
  std::vector<base::Bytes> ops;
  for (const std::size_t index : selected.taken) {
    ops.emplace_back(candidates.at(index).begin(), candidates.at(index).end());
  }
  BlockHeader header;
  header.version = epoch_.parameters().version;
  header.proposer = leader();
  header.epoch_id = epoch_.id();
  header.view = view_;
  header.height = context.height;
  header.parent_view = choice.view;
  header.parent_hash = choice.hash;
  header.timestamp_ms = context.timestamp_ms;
  header.state_root = selected.executed.state_root;
  if (context.tail) {
    header.flags = BlockHeader::flag_tail;
    header.next_epoch = parent.next_epoch;
  } else if (selected.executed.next_epoch) {
    header.flags = BlockHeader::flag_seal;
    header.next_epoch = next_epoch_root(*selected.executed.next_epoch);
  }
  const BlockPtr block = make_block(header, std::move(ops));
  parts_.tree.add(block);
  const BlockTree::Standing standing = parts_.tree.settle(block->hash());
  if (standing.kind != BlockTree::Standing::Kind::valid) {
    effects.push_back(base::Notice{.severity = base::Severity::error,
                                   .text = "own block is not valid: " + standing.fault});
    contradicted_ = true;
    return;
  }
  parts_.outbox.append(BlockBody{.block = block}, effects);
  Vote vote;
  if (!cast(VoteKind::notarize, view_, block->hash(), effects, vote)) return;
  ViewState& state = views_[view_];
  state.my_notarize = block->hash();
  state.proposed = {.block = block->hash(), .leader_signature = vote.signature, .at = at.now};
  Proposal proposal{
      .block = block, .justification = choice.justification, .leader_signature = vote.signature};
  if (proposal.justification.size() > parts_.options.justification_max) {
    // Newest first, but the parent's certificate always.
    proposal.justification.resize(parts_.options.justification_max - 1);
    proposal.justification.push_back(choice.justification.back());
  }
  parts_.outbox.broadcast_when_durable(std::move(proposal), effects);
}

// ---- R2 ----

void Core::on_proposal(const crypto::Verified<Proposal>& proposal, Moment at, Effects& effects) {
  for (const Certificate& certificate : proposal->justification) {
    on_certificate(crypto::Verified<Certificate>::own(certificate), at, effects);
  }
  const BlockPtr& block = proposal->block;
  const View view = block->header().view;
  const Vote vote{.kind = VoteKind::notarize,
                  .epoch = epoch_.number(),
                  .view = view,
                  .block = block->hash(),
                  .signer = epoch_.leader(view),
                  .signature = proposal->leader_signature};
  if (view <= finalized_.view || view > view_ + parts_.options.window) return;
  on_vote(crypto::Verified<Vote>::own(vote), at, effects);
  if (view <= finalized_.view) return;
  ViewState& state = views_[view];
  const bool wanted = state.notarization && state.notarization->block == block->hash();
  if (state.proposed && !wanted) return;  // a second body counts as evidence only
  parts_.tree.add(block);
  parts_.repair.on_block(block->hash());
  if (!state.proposed) {
    state.proposed = {
        .block = block->hash(), .leader_signature = proposal->leader_signature, .at = at.now};
  }
}

Core::Ancestry Core::ancestry(const BlockHeader& header) {
  // R2.1
  if (header.parent_view >= header.view) return Ancestry::bad;
  if (header.parent_view < finalized_.view) return Ancestry::bad;
  if (header.parent_view == finalized_.view) {
    if (header.parent_hash != finalized_.hash) return Ancestry::bad;
  } else {
    const ViewState* parent = find(header.parent_view);
    if (parent == nullptr || !parent->notarization) {
      parts_.repair.want_certificates(header.parent_view);
      return Ancestry::wait;
    }
    if (parent->notarization->block != header.parent_hash) return Ancestry::bad;
  }
  // R2.2
  if (parts_.options.weakness == Weakness::skips_without_proof) return Ancestry::good;
  Ancestry ancestry = Ancestry::good;
  for (View skipped = header.parent_view + 1; skipped < header.view; ++skipped) {
    const ViewState* state = find(skipped);
    if (state != nullptr && state->nullification) continue;
    parts_.repair.want_certificates(skipped);
    ancestry = Ancestry::wait;
  }
  return ancestry;
}

void Core::notarize(Moment at, Effects& effects) {
  if (!may_vote() || contradicted_ || leader() == parts_.guard.signer()) return;
  const auto found = views_.find(view_);
  if (found == views_.end()) return;
  ViewState& state = found->second;
  if (!state.proposed || state.my_notarize) return;
  if (state.my_nullify && parts_.options.weakness != Weakness::notarize_after_nullify) return;
  const base::Digest hash = state.proposed->block;
  const BlockPtr block = parts_.tree.find(hash);
  if (!block) {
    parts_.repair.want_block(hash, epoch_.committee().member(leader()).node);
    return;
  }
  const Ancestry above = ancestry(block->header());
  if (above == Ancestry::wait) return;
  BlockTree::Standing standing{.kind = BlockTree::Standing::Kind::invalid,
                               .missing = {},
                               .fault = "ancestry contradicts certificates"};
  if (above == Ancestry::good) standing = parts_.tree.settle(hash);  // R2.3
  if (standing.kind == BlockTree::Standing::Kind::missing) {
    parts_.repair.want_block(standing.missing, epoch_.committee().member(leader()).node);
    return;
  }
  if (standing.kind == BlockTree::Standing::Kind::invalid) {
    contradicted_ = true;
    effects.push_back(base::Notice{.severity = base::Severity::warning,
                                   .text = "refuses a proposal: " + standing.fault});
    return;
  }
  // 3.8.5: not validity; wait until our clock is there, or the timer expires.
  const auto ahead_ms = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(parts_.options.timestamp_ahead_max)
          .count());
  const std::uint64_t timestamp = block->header().timestamp_ms;
  if (timestamp > at.wall_ms + ahead_ms) {
    const std::uint64_t wait = std::min<std::uint64_t>(timestamp - at.wall_ms - ahead_ms, 1000);
    look_again_ =
        std::min(look_again_, at.now + std::chrono::milliseconds(static_cast<std::int64_t>(wait)));
    return;
  }
  parts_.outbox.append(BlockBody{.block = block}, effects);
  Vote vote;
  if (!cast(VoteKind::notarize, view_, hash, effects, vote)) return;
  state.my_notarize = hash;
  parts_.outbox.broadcast_when_durable(vote, effects);
}

// ---- R3 ----

void Core::finalize(Moment at, Effects& effects) {
  static_cast<void>(at);
  if (!may_vote()) return;
  for (auto& [view, state] : views_) {
    if (!state.notarization || state.my_finalize) continue;
    if (state.my_nullify && parts_.options.weakness != Weakness::finalize_after_nullify) continue;
    const base::Digest hash = state.notarization->block;
    const BlockTree::Standing standing = parts_.tree.settle(hash);
    if (standing.kind == BlockTree::Standing::Kind::missing) {
      parts_.repair.want_block(standing.missing);
      continue;
    }
    if (standing.kind == BlockTree::Standing::Kind::invalid) {
      stop(standing.fault, effects);
      return;
    }
    if (state.my_notarize != hash) {  // else the body is in the log already
      parts_.outbox.append(BlockBody{.block = parts_.tree.find(hash)}, effects);
    }
    Vote vote;
    if (!cast(VoteKind::finalize, view, hash, effects, vote)) return;
    state.my_finalize = hash;
    parts_.outbox.broadcast_when_durable(vote, effects);
  }
}

// ---- R5, R10 ----

bool Core::nullify_due(Moment at) {
  if (contradicted_ || leader_nullified_) return true;
  op_was_pending_ = op_pending(at);
  if (!armed_) return false;
  if (at.now >= *armed_ + parts_.timing.view(progress())) return true;
  const ViewState* state = find(view_);
  const bool proposed = state != nullptr && state->proposed;
  if (!proposed && at.now >= *armed_ + parts_.timing.lead(progress(), op_was_pending_)) return true;
  return leader() != parts_.guard.signer() && !proposed &&
         parts_.silence.dead(leader(), epoch_.committee().faults(), parts_.timing.skip(progress()),
                             *busy_since_, at.now);
}

void Core::nullify(Moment at, Effects& effects) {
  if (!may_vote()) return;
  const ViewState* state = find(view_);
  if (state != nullptr && (state->my_nullify || state->my_finalize)) return;
  if (!nullify_due(at)) return;
  Vote vote;
  if (!cast(VoteKind::nullify, view_, {}, effects, vote)) return;
  views_[view_].my_nullify = true;
  parts_.outbox.broadcast_when_durable(vote, effects);
}

}  // namespace consensus
