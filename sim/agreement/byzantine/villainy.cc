#include "sim/agreement/byzantine/villainy.h"

#include "sim/agreement/byzantine/bytes.h"
#include "sim/agreement/byzantine/members.h"
#include "sim/agreement/byzantine/proposers.h"
#include "sim/agreement/byzantine/quiet.h"
#include "sim/agreement/byzantine/senders.h"
#include "sim/agreement/byzantine/voters.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sim::agreement {

namespace {

constexpr std::array<std::pair<Villainy, std::string_view>, villainies> names{
    {{Villainy::silent, "silent"},
     {Villainy::twins, "twins"},
     {Villainy::equivocator, "equivocator"},
     {Villainy::double_voter, "double_voter"},
     {Villainy::certificate_pool, "certificate_pool"},
     {Villainy::fickle, "fickle"},
     {Villainy::late_leader, "late_leader"},
     {Villainy::withholder, "withholder"},
     {Villainy::bad_ancestry, "bad_ancestry"},
     {Villainy::invalid_block, "invalid_block"},
     {Villainy::nullifier, "nullifier"},
     {Villainy::never_finalizes, "never_finalizes"},
     {Villainy::censor, "censor"},
     {Villainy::stale_replayer, "stale_replayer"},
     {Villainy::far_future, "far_future"},
     {Villainy::forger, "forger"},
     {Villainy::lying_status, "lying_status"},
     {Villainy::bad_answers, "bad_answers"},
     {Villainy::evidence_forger, "evidence_forger"},
     {Villainy::hider, "hider"},
     {Villainy::byte_mutator, "byte_mutator"},
     {Villainy::hint_liar, "hint_liar"},
     {Villainy::op_flooder, "op_flooder"},
     {Villainy::old_member, "old_member"},
     {Villainy::never_starts, "never_starts"}}};

}  // namespace

std::string_view to_string(Villainy way) {
  return names.at(static_cast<std::size_t>(way)).second;
}

std::optional<Villainy> parse_villainy(std::string_view name) {
  const auto* const found =
      std::find_if(names.begin(), names.end(), [&](const auto& one) { return one.second == name; });
  if (found == names.end()) return std::nullopt;
  return found->first;
}

std::unique_ptr<Strategy> make_strategy(Villainy way) {
  using std::make_unique;
  switch (way) {
    case Villainy::silent:
      return make_unique<Silent>();
    case Villainy::twins:
      return nullptr;  // no lie but being two
    case Villainy::equivocator:
      return make_unique<Equivocator>();
    case Villainy::double_voter:
      return make_unique<DoubleVoter>();
    case Villainy::certificate_pool:
      return make_unique<CertificatePool>();
    case Villainy::fickle:
      return make_unique<Fickle>();
    case Villainy::late_leader:
      return make_unique<LateLeader>();
    case Villainy::withholder:
      return make_unique<Withholder>();
    case Villainy::bad_ancestry:
      return make_unique<BadAncestry>();
    case Villainy::invalid_block:
      return make_unique<InvalidBlock>();
    case Villainy::nullifier:
      return make_unique<Nullifier>();
    case Villainy::never_finalizes:
      return make_unique<NeverFinalizes>();
    case Villainy::censor:
      return make_unique<Censor>();
    case Villainy::stale_replayer:
      return make_unique<StaleReplayer>();
    case Villainy::far_future:
      return make_unique<FarFuture>();
    case Villainy::forger:
      return make_unique<Forger>();
    case Villainy::lying_status:
      return make_unique<LyingStatus>();
    case Villainy::bad_answers:
      return make_unique<BadAnswers>();
    case Villainy::evidence_forger:
      return make_unique<EvidenceForger>();
    case Villainy::hider:
      return make_unique<Hider>();
    case Villainy::byte_mutator:
      return make_unique<ByteMutator>();
    case Villainy::hint_liar:
      return make_unique<HintLiar>();
    case Villainy::op_flooder:
      return make_unique<OpFlooder>();
    case Villainy::old_member:
      return make_unique<OldMember>();
    case Villainy::never_starts:
      return make_unique<NeverStarts>();
  }
  return nullptr;
}

}  // namespace sim::agreement
