#include "sim/byzantine/adversary.h"

#include "sim/byzantine/eclipser.h"
#include "sim/byzantine/false_accuser.h"
#include "sim/byzantine/flooder.h"
#include "sim/byzantine/forger.h"
#include "sim/byzantine/load_liar.h"
#include "sim/byzantine/observation_liar.h"
#include "sim/byzantine/replayer.h"

namespace sim {

std::unique_ptr<Adversary> make_adversary(AdversaryKind kind, base::Rng rng) {
  switch (kind) {
    case AdversaryKind::forger:
      return std::make_unique<Forger>(rng);
    case AdversaryKind::replayer:
      return std::make_unique<Replayer>(rng);
    case AdversaryKind::false_accuser:
      return std::make_unique<FalseAccuser>(rng);
    case AdversaryKind::flooder:
      return std::make_unique<Flooder>(rng);
    case AdversaryKind::eclipser:
      return std::make_unique<Eclipser>(rng);
    case AdversaryKind::load_liar:
      return std::make_unique<LoadLiar>(rng);
    case AdversaryKind::observation_liar:
      return std::make_unique<ObservationLiar>(rng);
  }
  return nullptr;
}

std::vector<const gossip::Member*> others(const Adversary::Position& position) {
  std::vector<const gossip::Member*> result;
  for (const auto& [id, member] : position.membership.members()) {
    const bool gone =
        member.state == gossip::MemberState::dead || member.state == gossip::MemberState::left;
    if (id != position.identity.id() && !gone) result.push_back(&member);
  }
  return result;
}

}  // namespace sim
