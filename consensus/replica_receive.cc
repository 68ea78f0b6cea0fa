// Messages on their way in: what is cheap to see is looked at first, then the signatures that are
// not known yet are checked, then the message counts.
#include "base/match.h"
#include "consensus/replica_state.h"
#include "consensus/statements.h"
#include "crypto/digest.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace consensus {

namespace {

bool plausible(const Vote& vote) {
  switch (vote.kind) {
    case VoteKind::notarize:
    case VoteKind::finalize:
      return vote.view > 0 && !vote.block.is_zero();
    case VoteKind::nullify:
      return vote.view > 0 && vote.block.is_zero();
    default:
      return false;
  }
}

Vote vote_of_leader(const Proposal& proposal, const Epoch& epoch) {
  const View view = proposal.block->header().view;
  return {.kind = VoteKind::notarize,
          .epoch = epoch.number(),
          .view = view,
          .block = proposal.block->hash(),
          .signer = epoch.leader(view),
          .signature = proposal.leader_signature};
}

}  // namespace

void Replica::on_message(const base::NodeId& from, Message message, base::Instant now,
                         Effects& effects) {
  if (from == state_->self) return;
  if (const auto index = state_->core->epoch().committee().index_of(from)) {
    state_->silence.on_heard(*index, now);
  }
  std::visit([&](auto& alternative) { state_->receive(from, alternative, now, effects); }, message);
  state_->settle(now, effects);
}

void Replica::on_signatures_checked(std::uint64_t request,
                                    std::span<const crypto::Verdict> verdicts, base::Instant now,
                                    Effects& effects) {
  const auto incoming = state_->intake.take(request);
  if (!incoming) return;
  state_->admit(*incoming, verdicts, now, effects);
  state_->settle(now, effects);
}

Admission Replica::on_op(base::Bytes op, base::Instant now, Effects& effects) {
  const Admission admission = state_->mempool.judge(op);
  if (admission != Admission::added) return admission;
  std::vector<crypto::SignatureCheck> checks;
  state_->application.append_checks(op, checks);
  OpGossip one;
  one.ops.push_back(std::move(op));
  state_->check(state_->self, state_->core->epoch().number(), std::move(one), std::move(checks),
                false, now, effects);
  state_->settle(now, effects);
  return admission;
}

void Replica::on_own_ops(std::vector<base::Bytes> ops, base::Instant now, Effects& effects) {
  std::vector<crypto::SignatureCheck> checks;
  for (const base::Bytes& op : ops) state_->application.append_checks(op, checks);
  // Of others, inside them: an invitation, say.
  std::erase_if(
      checks, [this](const crypto::SignatureCheck& check) { return check.signer == state_->self; });
  state_->check(state_->self, state_->core->epoch().number(), OpGossip{.ops = std::move(ops)},
                std::move(checks), false, now, effects);
  state_->settle(now, effects);
}

bool Replica::State::check(const base::NodeId& from, EpochNumber epoch, Message message,
                           std::vector<crypto::SignatureCheck> checks, bool paced,
                           base::Instant now, Effects& effects) {
  Incoming incoming{.from = from, .epoch = epoch, .message = std::move(message)};
  if (checks.empty()) {
    admit(incoming, {}, now, effects);
    return true;
  }
  const std::size_t members = core->epoch().committee().size();
  if (paced && !intake.permits(from, checks.size(), members, now)) return false;
  return intake.add(std::move(incoming), std::move(checks), effects);
}

void Replica::State::append_unknown(const Certificate& certificate,
                                    std::vector<crypto::SignatureCheck>& checks) const {
  const Epoch& epoch = *epochs.find(certificate.epoch);
  const bool current = &epoch == &core->epoch();
  for (const Vote& vote : votes_of(certificate)) {
    // Known by all of its bytes: statement, key and signature (3.3).
    if (!current || !core->knows(vote)) checks.push_back(check_of(vote, epoch));
  }
}

// ---- before the checks ----

void Replica::State::check_contradicted(const Vote& vote, base::Instant now, Effects& effects) {
  const auto other = core->contradicted(vote);
  if (!other) return;
  const Epoch& epoch = core->epoch();
  const bool taken = check(epoch.committee().member(other->signer).node, other->epoch, *other,
                           {check_of(*other, epoch)}, false, now, effects);
  if (taken) core->drop_set_aside(*other);
}

void Replica::State::receive(const base::NodeId& from, Vote& vote, base::Instant now,
                             Effects& effects) {
  if (other_epoch(from, vote.epoch, true, now, effects)) return;
  const Committee& committee = core->epoch().committee();
  if (!plausible(vote) || vote.signer >= committee.size()) return;
  if (committee.member(vote.signer).node != from) return;  // only on its signer's own link
  if (vote.view <= core->finalized().view) {
    // The last ones of the quorum come when it is complete; who lacks the rest is seen to by relay.
    const bool just_late =
        vote.view == core->finalized().view && now < core->final_since() + delay();
    if (core->finalized().certificate && !just_late &&
        pacer.allow(from, AnswerKind::certificates, delay(), now)) {
      outbox.send(from, *core->finalized().certificate, effects);
    }
    return;
  }
  if (!core->wants(vote) || core->set_aside(vote)) return;
  check_contradicted(vote, now, effects);
  check(from, vote.epoch, vote, {check_of(vote, core->epoch())}, true, now, effects);
}

void Replica::State::receive(const base::NodeId& from, Certificate& certificate, base::Instant now,
                             Effects& effects) {
  if (other_epoch(from, certificate.epoch, false, now, effects)) return;
  if (!well_formed(certificate, core->epoch()) || core->knows(certificate)) return;
  std::vector<crypto::SignatureCheck> checks;
  append_unknown(certificate, checks);
  check(from, certificate.epoch, std::move(certificate), std::move(checks), true, now, effects);
}

void Replica::State::receive(const base::NodeId& from, Certificates& answer, base::Instant now,
                             Effects& effects) {
  if (!repair.on_answer(from)) return;
  if (answer.certificates.size() > 2 * options.get_max) return;
  for (Certificate& certificate : answer.certificates) receive(from, certificate, now, effects);
}

void Replica::State::receive(const base::NodeId& from, Proposal& proposal, base::Instant now,
                             Effects& effects) {
  if (!proposal.block || !proposal.block->complete()) return;
  const Epoch& epoch = core->epoch();
  const BlockHeader& header = proposal.block->header();
  if (header.epoch_id != epoch.id() || header.view <= core->finalized().view) return;
  if (header.ops_count > epoch.parameters().block_ops_max ||
      header.ops_bytes > epoch.parameters().block_bytes_max) {
    return;
  }
  if (proposal.justification.size() > options.justification_max) return;
  const Vote vote = vote_of_leader(proposal, epoch);
  check_contradicted(vote, now, effects);
  std::vector<crypto::SignatureCheck> checks;
  if (!core->knows(vote)) checks.push_back(check_of(vote, epoch));
  std::vector<Certificate> justification;
  for (Certificate& certificate : proposal.justification) {
    if (!well_formed(certificate, epoch)) return;
    if (core->knows(certificate)) continue;
    append_unknown(certificate, checks);
    justification.push_back(std::move(certificate));
  }
  proposal.justification = std::move(justification);
  if (!tree->find(proposal.block->hash())) {
    for (const base::Bytes& op : proposal.block->ops()) {
      if (!mempool.holds(op)) application.append_checks(op, checks);
    }
  }
  check(from, epoch.number(), std::move(proposal), std::move(checks), false, now, effects);
}

void Replica::State::receive(const base::NodeId& from, Status& status, base::Instant now,
                             Effects& effects) {
  if (heard.size() < options.heard_max || heard.contains(from)) heard[from] = now;
  if (other_epoch(from, status.epoch, true, now, effects)) return;
  const Epoch& epoch = core->epoch();
  if (status.epoch_id != epoch.id()) return;
  std::vector<crypto::SignatureCheck> checks;
  if (status.entry && (!well_formed(*status.entry, epoch) || core->knows(*status.entry))) {
    status.entry.reset();
  }
  if (status.entry) append_unknown(*status.entry, checks);
  if (status.your_last_votes.size() > 3) status.your_last_votes.resize(3);
  std::erase_if(status.your_last_votes, [&](const Vote& vote) { return !unknown_own_vote(vote); });
  for (const Vote& vote : status.your_last_votes) checks.push_back(check_of(vote, epoch));
  check(from, status.epoch, std::move(status), std::move(checks), true, now, effects);
}

void Replica::State::receive(const base::NodeId& from, Blocks& blocks, base::Instant now,
                             Effects& effects) {
  static_cast<void>(now);
  static_cast<void>(effects);
  if (!repair.on_answer(from)) return;
  // The bodies of blocks that a quorum notarized, so correct nodes have checked their ops.
  for (const BlockPtr& block : blocks.blocks) {
    if (!block || !block->complete() || !repair.wants_block(block->hash())) continue;
    repair.on_block(block->hash());
    tree->add(block);
  }
}

void Replica::State::receive(const base::NodeId& from, Range& range, base::Instant now,
                             Effects& effects) {
  if (!repair.on_answer(from)) return;
  if (range.blocks.empty() || range.blocks.size() > options.range_blocks_max) return;
  const Epoch* epoch = nullptr;
  const BlockHeader* above = nullptr;
  base::Digest last;
  for (const BlockPtr& block : range.blocks) {
    if (!block || !block->complete()) return;
    const BlockHeader& header = block->header();
    if (above == nullptr) epoch = epochs.find(header.epoch_id);
    if (epoch == nullptr || header.epoch_id != epoch->id()) return;
    if (above != nullptr && (header.parent_hash != last || header.height != above->height + 1)) {
      return;
    }
    above = &header;
    last = block->hash();
  }
  if (!range.tail.empty() && !above->seal()) return;
  View view = above->view;
  for (const BlockHeader& header : range.tail) {
    if (!header.tail() || header.parent_hash != last || header.epoch_id != epoch->id()) return;
    last = crypto::digest(header_bytes(header));
    view = header.view;
  }
  const Certificate& finalization = range.finalization;
  if (finalization.kind != VoteKind::finalize || !well_formed(finalization, *epoch)) return;
  if (finalization.block != last || finalization.view != view) return;
  std::vector<crypto::SignatureCheck> checks;
  append_unknown(finalization, checks);
  check(from, epoch->number(), std::move(range), std::move(checks), true, now, effects);
}

void Replica::State::receive(const base::NodeId& from, EpochProofs& proofs, base::Instant now,
                             Effects& effects) {
  if (proofs.proofs.size() > 1) return receive_page(from, proofs, now, effects);
  for (EpochProof& proof : proofs.proofs) {
    if (proof.descriptor.number != core->epoch().number() + 1) continue;
    if (fault_of(proof, core->epoch())) return;
    std::vector<crypto::SignatureCheck> checks;
    append_unknown(proof.finalization, checks);
    EpochProofs one;
    one.proofs.push_back(std::move(proof));
    check(from, core->epoch().number(), std::move(one), std::move(checks), true, now, effects);
    return;
  }
}

// What lies between us and a snapshot, if it is more than an offer proves.
void Replica::State::receive_page(const base::NodeId& from, EpochProofs& page, base::Instant now,
                                  Effects& effects) {
  if (!repair.on_answer(from) || page.proofs.size() > proofs_of_page(options)) return;
  std::erase_if(page.proofs, [&](const EpochProof& proof) {
    return proof.descriptor.number <= ahead.newest(core->epoch()).number();
  });
  if (page.proofs.empty() || page.proofs.size() > ahead.room()) return;
  const Epoch* epoch = &ahead.newest(core->epoch());
  std::deque<Epoch> later;
  std::vector<crypto::SignatureCheck> checks;
  for (const EpochProof& proof : page.proofs) {
    if (fault_of(proof, *epoch)) return;
    for (const Vote& vote : votes_of(proof.finalization)) checks.push_back(check_of(vote, *epoch));
    epoch = &later.emplace_back(proof.descriptor);
  }
  check(from, core->epoch().number(), std::move(page), std::move(checks), false, now, effects);
}

void Replica::State::receive(const base::NodeId& from, OpGossip& gossip, base::Instant now,
                             Effects& effects) {
  if (gossip.ops.size() > options.gossiped_ops_max) return;
  std::erase_if(gossip.ops, [&](const base::Bytes& op) {
    return mempool.judge(op) != Admission::added || decided_lately(op);
  });
  if (gossip.ops.empty()) return;
  std::vector<crypto::SignatureCheck> checks;
  for (const base::Bytes& op : gossip.ops) application.append_checks(op, checks);
  check(from, core->epoch().number(), std::move(gossip), std::move(checks), false, now, effects);
}

void Replica::State::receive(const base::NodeId& from, Evidence& evidence, base::Instant now,
                             Effects& effects) {
  const Epoch& epoch = core->epoch();
  if (evidence.first.epoch != epoch.number()) return;
  if (!plausible(evidence.first) || !plausible(evidence.second)) return;
  if (!contradict(evidence.first, evidence.second)) return;
  if (evidence.first.signer >= epoch.committee().size()) return;
  if (core->reported(evidence)) return;
  std::vector<crypto::SignatureCheck> checks{check_of(evidence.first, epoch),
                                             check_of(evidence.second, epoch)};
  check(from, epoch.number(), evidence, std::move(checks), true, now, effects);
}

// ---- after the checks ----

void Replica::State::admit(const Incoming& incoming, std::span<const crypto::Verdict> verdicts,
                           base::Instant now, Effects& effects) {
  const base::NodeId& from = incoming.from;
  const bool good = std::all_of(verdicts.begin(), verdicts.end(),
                                [](const crypto::Verdict& verdict) { return verdict.holds(); });
  if (!good) {
    effects.push_back(Misbehaved{.peer = from, .what = "a signature does not hold"});
    return;
  }
  // A range may be of an older epoch; all else is about the current one.
  const bool current = incoming.epoch == core->epoch().number();
  const Moment at = moment(now);
  base::match(
      incoming.message,
      [&](const Vote& vote) {
        if (!current) return;
        core->on_vote(*crypto::Verified<Vote>::admit_all(vote, verdicts), at, effects);
        check_contradicted(vote, now, effects);  // one that came while this one was checked
      },
      [&](const Certificate& certificate) {
        if (!current) return;
        core->on_certificate(*crypto::Verified<Certificate>::admit_all(certificate, verdicts), at,
                             effects);
      },
      [&](const Proposal& proposal) {
        if (!current) return;
        const Vote vote = vote_of_leader(proposal, core->epoch());
        core->on_proposal(*crypto::Verified<Proposal>::admit_all(proposal, verdicts), at, effects);
        check_contradicted(vote, now, effects);
      },
      [&](const Status& status) {
        if (current) take_status(from, status, now, effects);
      },
      [&](const Range& range) { take_range(range, at, effects); },
      [&](const EpochProofs& proofs) {
        if (current) take_proofs(proofs, at, effects);
      },
      [&](const SnapshotOffer& offer) {
        if (current) take_offer(from, offer, effects);
      },
      [&](const OpGossip& gossip) { take_ops(from, gossip.ops, now, effects); },
      [&](const Evidence& evidence) {
        if (current) core->report(evidence, effects);
      },
      [](const auto&) {});
}

void Replica::State::take_status(const base::NodeId& from, const Status& status, base::Instant now,
                                 Effects& effects) {
  const Moment at = moment(now);
  if (status.entry) {
    core->on_certificate(crypto::Verified<Certificate>::own(*status.entry), at, effects);
  }
  hear_echo(from, status, effects);
  if (status.asks && pacer.allow(from, AnswerKind::status, delay(), now)) {
    outbox.send(from, core->status_for(from), effects);
  }
  if (core->ahead_of(status) && pacer.allow(from, AnswerKind::certificates, delay(), now)) {
    core->on_peer_behind(from, status, effects);
  }
}

bool Replica::State::unknown_own_vote(const Vote& vote) const {
  if (options.weakness == Weakness::no_echo_check) return false;
  if (vote.epoch != core->epoch().number() || vote.signer != guard.signer()) return false;
  if (!plausible(vote) || vote.view <= core->finalized().view) return false;
  const auto known = guard.votes().find({vote.view, vote.kind});
  return known == guard.votes().end() || known->second.vote.block != vote.block;
}

// 3.11, echo check: what peers remember of our votes must be in our log.
void Replica::State::hear_echo(const base::NodeId& from, const Status& status, Effects& effects) {
  for (const Vote& vote : status.your_last_votes) {
    if (!unknown_own_vote(vote) || guard.spent()) continue;
    guard.spend();
    outbox.drop_held();
    // The next start may ask others, who do not know of that vote.
    effects.push_back(SpendKey{});
    effects.push_back(Alarm{.kind = Alarm::Kind::votes_unknown,
                            .text = "peers hold a vote of ours that is not in our log: this is a "
                                    "restored copy, or a second node runs with this key; the key "
                                    "is spent, so change it"});
  }
  if (!listening_until || !core->epoch().committee().index_of(from)) return;
  echoed.insert(from);
  if (echoed.size() + 1 < core->epoch().quorum()) return;
  listening_until.reset();
  guard.listen(false);
}

void Replica::State::take_range(const Range& range, Moment at, Effects& effects) {
  // We may have moved on since it was asked for.
  auto next = range.blocks.begin();
  while (next != range.blocks.end() && (*next)->header().parent_hash != tree->root().hash) ++next;
  if (next == range.blocks.end()) return;
  repair.on_range();
  without_blocks.clear();
  for (; next != range.blocks.end(); ++next) {
    repair.on_block((*next)->hash());
    tree->add(*next);
  }
  for (const BlockHeader& header : range.tail) tree->add(make_block(header, {}));
  const Certificate& finalization = range.finalization;
  if (finalization.epoch == core->epoch().number()) {
    core->on_certificate(crypto::Verified<Certificate>::own(finalization), at, effects);
  }
  // The last block itself: its tail, if it has one, is never decided.
  proven = {.hash = range.blocks.back()->hash(), .finalization = finalization, .tail = range.tail};
}

void Replica::State::take_proofs(const EpochProofs& page, Moment at, Effects& effects) {
  for (const EpochProof& proof : page.proofs) {
    // Ours ends by itself, once our Core has the bodies (3.9).
    if (proof.descriptor.number == core->epoch().number() + 1) {
      for (const BlockHeader& header : proof.tail) tree->add(make_block(header, {}));
      core->on_certificate(crypto::Verified<Certificate>::own(proof.finalization), at, effects);
    }
    const bool follows = proof.descriptor.number == ahead.newest(core->epoch()).number() + 1;
    if (page.proofs.size() == 1 || !follows) continue;
    ahead.add(proof);
    repair.on_range();  // is asked for again, from there
  }
}

bool Replica::State::decided_lately(base::ByteView op) const {
  const auto id = application.id_of(op);
  return id && decided_ops.contains(*id);
}

void Replica::State::take_ops(const base::NodeId& from, const std::vector<base::Bytes>& ops,
                              base::Instant now, Effects& effects) {
  OpGossip fresh;
  for (const base::Bytes& op : ops) {
    if (decided_lately(op)) continue;  // while its signature was checked
    if (mempool.add(op, now) == Admission::added) fresh.ops.push_back(op);
  }
  if (fresh.ops.empty()) return;
  next_op_gossip = std::max(next_op_gossip, now + 2 * delay());
  // R9: whoever is the first validator to know of it tells the others.
  const bool by_member = core->epoch().committee().index_of(from).has_value() && from != self;
  const bool tells = from == self || guard.signer().has_value();
  if (!by_member && tells) outbox.broadcast(std::move(fresh), effects);
}

}  // namespace consensus
