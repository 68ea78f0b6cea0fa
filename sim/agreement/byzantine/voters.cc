#include "sim/agreement/byzantine/voters.h"

namespace sim::agreement {

using consensus::Certificate;
using consensus::Vote;
using consensus::VoteKind;

void DoubleVoter::attack(Villain& villain, consensus::View view, const base::Digest& block) {
  for (const VoteKind kind : {VoteKind::notarize, VoteKind::finalize, VoteKind::nullify}) {
    const auto vote = villain.vote(kind, view, kind == VoteKind::nullify ? base::Digest{} : block);
    if (!vote) return;
    for (std::uint32_t to = 0; to < villain.identities(); ++to) {
      if (villain.rng().chance(500'000)) villain.send(to, *vote);
    }
  }
}

void DoubleVoter::on_receive(Villain& villain, std::uint32_t, const consensus::Message& message) {
  if (!villain.rng().chance(400'000)) return;
  if (const auto* vote = std::get_if<Vote>(&message)) {
    if (!vote->block.is_zero()) attack(villain, vote->view, vote->block);
  } else if (const auto* proposal = std::get_if<consensus::Proposal>(&message)) {
    attack(villain, proposal->block->header().view, proposal->block->hash());
  }
}

void DoubleVoter::on_broadcast(Villain& villain, const consensus::Message& message) {
  if (const auto* proposal = std::get_if<consensus::Proposal>(&message)) {
    attack(villain, proposal->block->header().view, proposal->block->hash());
  }
}

bool CertificatePool::on_send(Villain& villain, std::uint32_t to, consensus::Message& message) {
  const auto* vote = std::get_if<Vote>(&message);
  if (vote == nullptr || villain.blackout()) return true;
  return to == vote->view % villain.identities();
}

void CertificatePool::on_receive(Villain& villain, std::uint32_t,
                                 const consensus::Message& message) {
  const auto* vote = std::get_if<Vote>(&message);
  if (vote == nullptr || vote->epoch != villain.epoch().number()) return;
  if (votes_.size() > 256) votes_.clear();
  auto& votes = votes_[{villain.epoch().id(), vote->view, vote->kind, vote->block}];
  votes.emplace(vote->signer, *vote);
  if (const auto own = villain.vote(vote->kind, vote->view, vote->block)) {
    votes.emplace(own->signer, *own);
  }
  if (votes.size() < villain.epoch().quorum()) return;
  Certificate certificate{.kind = vote->kind,
                          .epoch = vote->epoch,
                          .view = vote->view,
                          .block = vote->block,
                          .signers = 0,
                          .signatures = {}};
  for (const auto& [signer, one] : votes) {
    certificate.signers |= std::uint64_t{1} << signer;
    certificate.signatures.push_back(one.signature);
  }
  const auto to = static_cast<std::uint32_t>(villain.rng().below(villain.identities()));
  villain.send(to, certificate, std::chrono::milliseconds(villain.rng().between(0, 500)));
}

void Nullifier::on_receive(Villain& villain, std::uint32_t, const consensus::Message&) {
  if (villain.epoch().number() == epoch_ && villain.view() <= last_) return;
  epoch_ = villain.epoch().number();
  last_ = villain.view();
  if (const auto vote = villain.vote(VoteKind::nullify, last_, {})) {
    for (std::uint32_t to = 0; to < villain.identities(); ++to) villain.send(to, *vote);
  }
}

void EvidenceForger::on_receive(Villain& villain, std::uint32_t,
                                const consensus::Message& message) {
  const auto* vote = std::get_if<Vote>(&message);
  if (vote == nullptr) return;
  if (seen_.size() > 32) seen_.erase(seen_.begin());
  if (!seen_.empty()) {
    // Another signature of the same statement, another view, another kind: nothing of it proves.
    consensus::Evidence evidence{.first = villain.rng().pick(seen_), .second = *vote};
    if (villain.rng().chance(300'000)) evidence.second = evidence.first;
    if (villain.rng().chance(300'000)) evidence.second.block.bytes[0] ^= std::byte{1};
    villain.send(static_cast<std::uint32_t>(villain.rng().below(villain.identities())), evidence);
  }
  seen_.push_back(*vote);
}

}  // namespace sim::agreement
