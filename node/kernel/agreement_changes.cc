// What this node does of its own about the committee: it asks whether a new one is ready, and has
// it decided when one of its members lied.
#include "node/kernel/agreement.h"
#include "wire/agreement_codec.h"

#include <algorithm>
#include <utility>

namespace kernel {

namespace {

constexpr std::size_t changes_asked_max = 8;
// For how many blocks attestations are asked: an op of its own is decided soon or not at all, a
// ballot may take weeks.
constexpr std::uint64_t blocks_for_op = 10'000;
constexpr std::uint64_t blocks_for_ballot = 1'000'000;
// Evidence that others do not decide meanwhile is proposed again.
constexpr base::Duration accuse_every = std::chrono::seconds(5);
constexpr std::size_t accusations_max = 192;  // three kinds for each of 64 seats

ledger::EvidenceVote evidence_of(const consensus::Vote& vote) {
  return {.kind = static_cast<ledger::VoteKind>(vote.kind),
          .block = vote.block,
          .signature = vote.signature};
}

// The one order in which a pair of votes is written down (ReportEvidence).
ledger::ReportEvidence report_of(const consensus::Evidence& evidence,
                                 const consensus::Epoch& epoch) {
  const consensus::Validator& signer = epoch.committee().member(evidence.first.signer);
  ledger::ReportEvidence out;
  out.epoch = epoch.number();
  out.epoch_id = epoch.id();
  out.view = evidence.first.view;
  out.signer = {.node = signer.node, .vote_key = *base::VoteKey::from_view(signer.vote_key.view())};
  out.first = evidence_of(evidence.first);
  out.second = evidence_of(evidence.second);
  const bool mixed = out.first.kind != out.second.kind;
  const bool swap =
      mixed ? out.second.kind == ledger::VoteKind::finalize : out.second.block < out.first.block;
  if (swap) std::swap(out.first, out.second);
  return out;
}

}  // namespace

base::Instant Agreement::next_deadline() const {
  base::Instant next =
      replica_ ? std::min(replica_->next_deadline(), sign_at_) : base::Instant::never();
  for (const auto& [request, change] : changes_asked_) {
    next = std::min(next, change.next_deadline());
  }
  if (!accusations_.empty()) next = std::min(next, accuse_at_);
  return next;
}

void Agreement::on_committee_proposed(std::uint64_t request, ledger::Payload payload,
                                      base::Instant now, Effects& effects) {
  const auto wanted = committee_change_in(payload);
  if (!wanted || changes_asked_.size() >= changes_asked_max) {
    effects.emplace_back(ProposalSettled{
        request, std::nullopt,
        "this node asks about too many committees already; try again in a few seconds"});
    return;
  }
  const bool by_ballot = std::holds_alternative<ledger::OpenBallot>(payload);
  const std::uint64_t height = replica_->standing().height;
  consensus::GetReady question{
      .epoch_id = replica_->epoch().id(),
      .height = height,
      .next = {.committee = committee_of(wanted->seats),
               .parameters = parameters_of(wanted->parameters)},
      .not_after_height = height + (by_ballot ? blocks_for_ballot : blocks_for_op)};
  changes_asked_.try_emplace(request, CommitteeChange::Options{}, std::move(payload),
                             ledger::committee_of(state()).seats, std::move(question), now);
  tend_changes(now, effects);
}

void Agreement::hear_readiness(base::Instant now, Effects& effects) {
  if (readiness_heard_.empty()) return;
  for (const consensus::ReadinessHeard& heard : std::exchange(readiness_heard_, {})) {
    for (auto& [request, change] : changes_asked_) {
      change.on_readiness(heard.from, heard.readiness, now);
    }
  }
  tend_changes(now, effects);
}

void Agreement::tend_changes(base::Instant now, Effects& effects) {
  for (auto at = changes_asked_.begin(); at != changes_asked_.end();) {
    CommitteeChange& change = at->second;
    for (const base::NodeId& node : change.on_time(now)) {
      if (node == identity_.id()) {
        change.on_readiness(node, replica_->readiness(change.question()), now);
      } else {
        effects.emplace_back(
            SendAgreement{node, wire::encode(consensus::Message(change.question()))});
      }
    }
    if (!change.over(now)) {
      ++at;
      continue;
    }
    settle_change(at->first, change, now, effects);
    at = changes_asked_.erase(at);
  }
}

void Agreement::settle_change(std::uint64_t request, const CommitteeChange& change,
                              base::Instant now, Effects& effects) {
  ProposalSettled settled{.request = request, .op = std::nullopt, .why = {}};
  auto payload = change.outcome();
  if (payload) {
    ledger::Op op = draft(*std::move(payload));
    if (const auto reason = refusal(op)) {
      settled.why = ledger::name_of(*reason);
    } else {
      settled.op = op.id();
      on_proposed(std::move(op), now, effects);
    }
  } else {
    settled.why = payload.error();
  }
  effects.emplace_back(std::move(settled));
}

// 3.14. Whoever finds it proposes it, without being asked: a fact, and no one's opinion. What comes
// of it is another decision. That several nodes do so is harmless: the first of their ops counts.
void Agreement::accuse(const consensus::Evidence& evidence, Effects& effects) {
  const consensus::Epoch& epoch = replica_->epoch();
  if (evidence.first.epoch != epoch.number()) return;  // it ended meanwhile
  ledger::ReportEvidence report = report_of(evidence, epoch);
  if (!report.proves() || accusations_.size() >= accusations_max) return;
  effects.emplace_back(base::Notice{
      base::Severity::warning,
      "validator " + report.signer.node.hex() + " lied to the committee: it " +
          std::string(ledger::name_of(*report.proves())) + " in view " +
          std::to_string(report.view) +
          "; the evidence is being decided. Take its seat (parley propose committee --remove) and "
          "evict it"});
  accusations_.try_emplace(ledger::key::evidence(report), std::move(report));
  accuse_at_ = {};  // at the next moment: an op is no part of the input that is handled
}

void Agreement::tend_accusations(base::Instant now, Effects& effects) {
  if (accusations_.empty() || now < accuse_at_) return;
  accuse_at_ = now + accuse_every;
  for (auto at = accusations_.begin(); at != accusations_.end();) {
    ledger::Op op = draft(at->second);
    const auto reason = refusal(op);
    // Decided, or of an epoch that nobody judges any more.
    if (reason == ledger::Reason::already_known || reason == ledger::Reason::wrong_epoch) {
      at = accusations_.erase(at);
      continue;
    }
    if (!reason) on_proposed(std::move(op), now, effects);
    ++at;
  }
}

}  // namespace kernel
