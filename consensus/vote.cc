#include "consensus/vote.h"

#include "consensus/statements.h"

namespace consensus {

bool contradict(const Vote& a, const Vote& b) {
  if (a.epoch != b.epoch || a.view != b.view || a.signer != b.signer) return false;
  if (a.kind == b.kind) return a.kind != VoteKind::nullify && a.block != b.block;
  const bool finalizes = a.kind == VoteKind::finalize || b.kind == VoteKind::finalize;
  const bool nullifies = a.kind == VoteKind::nullify || b.kind == VoteKind::nullify;
  return finalizes && nullifies;
}

crypto::SignatureCheck check_of(const Vote& vote, const Epoch& epoch) {
  return {.signer = epoch.committee().member(vote.signer).vote_key,
          .statement = vote_statement(vote.kind, epoch.id(), vote.view, vote.block),
          .signature = vote.signature};
}

}  // namespace consensus
