#include "sim/agreement/byzantine/quiet.h"

namespace sim::agreement {

bool Silent::on_send(Villain&, std::uint32_t, consensus::Message&) {
  return false;
}

bool Fickle::on_send(Villain& villain, std::uint32_t, consensus::Message&) {
  return !villain.blackout() && villain.rng().chance(500'000);
}

bool LateLeader::on_send(Villain& villain, std::uint32_t to, consensus::Message& message) {
  if (!std::holds_alternative<consensus::Proposal>(message)) return true;
  villain.send(to, message, std::chrono::milliseconds(villain.rng().between(100, 1200)));
  return false;
}

bool Withholder::on_send(Villain& villain, std::uint32_t to, consensus::Message& message) {
  if (std::holds_alternative<consensus::Blocks>(message)) return false;
  if (std::holds_alternative<consensus::Range>(message)) return false;
  if (std::holds_alternative<consensus::Certificates>(message)) return false;
  if (!std::holds_alternative<consensus::Proposal>(message)) return true;
  return to <= (villain.identities() - 1) / 3;
}

bool NeverFinalizes::on_send(Villain&, std::uint32_t, consensus::Message& message) {
  const auto* vote = std::get_if<consensus::Vote>(&message);
  return vote == nullptr || vote->kind != consensus::VoteKind::finalize;
}

}  // namespace sim::agreement
