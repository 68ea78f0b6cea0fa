#include "consensus/vote.h"

#include "consensus/statements.h"

namespace consensus {

crypto::SignatureCheck check_of(const Vote& vote, const Epoch& epoch) {
  return {.signer = epoch.committee().member(vote.signer).vote_key,
          .statement = vote_statement(vote.kind, epoch.id(), vote.view, vote.block),
          .signature = vote.signature};
}

}  // namespace consensus
