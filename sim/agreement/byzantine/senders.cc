#include "sim/agreement/byzantine/senders.h"

#include <utility>

namespace sim::agreement {

using consensus::Certificate;
using consensus::VoteKind;

namespace {

Certificate forged(Villain& villain, Certificate certificate) {
  switch (villain.rng().below(5)) {
    case 0:
      certificate.signers |= std::uint64_t{1} << 63U;
      break;
    case 1:
      certificate.signers &= certificate.signers - 1;
      break;
    case 2:
      if (!certificate.signatures.empty()) {
        certificate.signatures.back().bytes[3] ^= std::byte{0x10};
      }
      break;
    case 3:
      certificate.view += 1;
      break;
    default:
      certificate.kind =
          certificate.kind == VoteKind::finalize ? VoteKind::notarize : VoteKind::finalize;
      break;
  }
  return certificate;
}

}  // namespace

void StaleReplayer::on_receive(Villain& villain, std::uint32_t, const consensus::Message& message) {
  if (villain.rng().chance(200'000)) heard_.push_back(message);
  if (heard_.size() > 64) heard_.pop_front();
  if (heard_.empty() || !villain.rng().chance(300'000)) return;
  const auto index = static_cast<std::size_t>(villain.rng().below(heard_.size()));
  villain.send(villain.anybody(), heard_[index],
               std::chrono::milliseconds(villain.rng().between(0, 3000)));
}

void FarFuture::on_receive(Villain& villain, std::uint32_t, const consensus::Message&) {
  if (!villain.rng().chance(100'000)) return;
  base::Digest block;
  block.bytes[0] = std::byte{1};
  const consensus::View far = std::uint64_t{1} << 63U;
  const consensus::View view = villain.rng().chance(500'000) ? far : villain.view() + 7;
  auto vote = villain.vote(VoteKind::notarize, view, block);
  if (!vote) return;
  if (villain.rng().chance(300'000)) vote->epoch += 1;
  villain.send(villain.anybody(), *vote);
}

bool Forger::on_send(Villain& villain, std::uint32_t to, consensus::Message& message) {
  if (auto* certificate = std::get_if<Certificate>(&message)) {
    if (villain.rng().chance(500'000)) villain.send(to, forged(villain, *certificate));
  } else if (auto* proposal = std::get_if<consensus::Proposal>(&message)) {
    if (!proposal->justification.empty() && villain.rng().chance(500'000)) {
      proposal->justification.front() = forged(villain, proposal->justification.front());
    }
  }
  return true;
}
void Forger::on_receive(Villain& villain, std::uint32_t, const consensus::Message& message) {
  const auto* certificate = std::get_if<Certificate>(&message);
  if (certificate == nullptr || !villain.rng().chance(200'000)) return;
  villain.send(villain.anybody(), forged(villain, *certificate));
}

bool LyingStatus::on_send(Villain& villain, std::uint32_t, consensus::Message& message) {
  auto* status = std::get_if<consensus::Status>(&message);
  if (status == nullptr) return true;
  status->finalized_view += villain.rng().below(100);
  status->finalized_height += 1'000'000;
  status->have_notarizations = villain.rng().next();
  status->have_nullifications = villain.rng().next();
  status->view += villain.rng().below(1000);
  consensus::Vote vote{.kind = VoteKind::finalize,
                       .epoch = status->epoch,
                       .view = status->view,
                       .block = status->finalized_hash,
                       .signer = static_cast<consensus::SignerIndex>(villain.rng().below(4)),
                       .signature = {}};
  if (villain.rng().chance(200'000)) status->your_last_votes.push_back(vote);
  return true;
}

bool BadAnswers::on_send(Villain& villain, std::uint32_t to, consensus::Message& message) {
  if (auto* blocks = std::get_if<consensus::Blocks>(&message)) {
    blocks->blocks.pop_back();
  } else if (auto* range = std::get_if<consensus::Range>(&message)) {
    range->blocks.pop_back();
  } else if (!std::holds_alternative<consensus::Certificates>(message)) {
    return true;
  }
  villain.send(to, message, std::chrono::milliseconds(villain.rng().between(0, 5000)));
  return false;
}

}  // namespace sim::agreement
