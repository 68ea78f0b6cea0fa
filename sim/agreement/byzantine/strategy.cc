#include "sim/agreement/byzantine/strategy.h"

#include "consensus/statements.h"

namespace sim::agreement {

using consensus::Vote;
using consensus::VoteKind;

std::optional<consensus::SignerIndex> Villain::signer() const {
  return epoch().committee().index_of(node());
}

std::optional<Vote> Villain::vote(VoteKind kind, consensus::View view,
                                  const base::Digest& block) const {
  return vote_in(epoch(), kind, view, block);
}

std::optional<Vote> Villain::vote_in(const consensus::Epoch& epoch, VoteKind kind,
                                     consensus::View view, const base::Digest& block) const {
  const auto index = epoch.committee().index_of(node());
  if (!index) return std::nullopt;
  return Vote{.kind = kind,
              .epoch = epoch.number(),
              .view = view,
              .block = block,
              .signer = *index,
              .signature = sign(consensus::vote_statement(kind, epoch.id(), view, block))};
}

bool Strategy::on_send(Villain&, std::uint32_t, consensus::Message&) {
  return true;
}
void Strategy::on_broadcast(Villain&, const consensus::Message&) {}
void Strategy::on_receive(Villain&, std::uint32_t, const consensus::Message&) {}

}  // namespace sim::agreement
