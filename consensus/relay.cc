#include "consensus/relay.h"

namespace consensus {

namespace {

constexpr std::uint64_t bit(SignerIndex index) {
  return std::uint64_t{1} << index;
}

}  // namespace

void Relay::on_certificate(const Certificate& certificate, const Epoch& epoch,
                           std::optional<SignerIndex> self, base::Duration delay, base::Instant now,
                           const Outbox& outbox) {
  if (!self || outbox.replaying()) return;  // an observer's certificates go another way
  if (certificate.kind == VoteKind::finalize) {
    std::erase_if(waiting_, [&](const Waiting& waiting) {
      return waiting.certificate.epoch == certificate.epoch &&
             waiting.certificate.view <= certificate.view;  // it says all that those would
    });
  }
  const Committee& committee = epoch.committee();
  Waiting waiting{.certificate = certificate, .epoch = &epoch, .to = 0, .due = now + delay / 4};
  for (SignerIndex index = 0; index < committee.size(); ++index) {
    if (index != *self) waiting.to |= bit(index);
  }
  if (waiting_.size() >= waiting_max) waiting_.pop_front();
  waiting_.push_back(std::move(waiting));
}

void Relay::on_vote(const Vote& vote, const Epoch& epoch) {
  for (Waiting& waiting : waiting_) {
    const Certificate& certificate = waiting.certificate;
    if (certificate.epoch < vote.epoch) {  // it knows how that one ended
      const auto index =
          waiting.epoch->committee().index_of(epoch.committee().member(vote.signer).node);
      if (index) waiting.to &= ~bit(*index);
    }
    if (certificate.epoch != vote.epoch) continue;
    const bool beyond = vote.view > certificate.view;
    const bool same = vote.view == certificate.view && vote.kind == VoteKind::finalize &&
                      certificate.kind == VoteKind::notarize;
    if (beyond || same) waiting.to &= ~bit(vote.signer);
  }
}

void Relay::on_epoch_ended() {
  std::erase_if(waiting_, [](const Waiting& waiting) {
    return waiting.certificate.kind != VoteKind::finalize;
  });
}

void Relay::on_time(base::Instant now, Outbox& outbox, Effects& effects) {
  while (!waiting_.empty() && waiting_.front().due <= now) {
    const Waiting waiting = std::move(waiting_.front());
    waiting_.pop_front();
    const Committee& committee = waiting.epoch->committee();
    for (SignerIndex index = 0; index < committee.size(); ++index) {
      if ((waiting.to & bit(index)) == 0) continue;
      outbox.send(committee.member(index).node, waiting.certificate, effects);
    }
  }
}

base::Instant Relay::next_deadline() const {
  return waiting_.empty() ? base::Instant::never() : waiting_.front().due;
}

}  // namespace consensus
