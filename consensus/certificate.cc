#include "consensus/certificate.h"

#include <bit>

namespace consensus {

bool well_formed(const Certificate& certificate, const Epoch& epoch) {
  const bool names_block = !certificate.block.is_zero();
  switch (certificate.kind) {
    case VoteKind::notarize:
    case VoteKind::finalize:
      if (!names_block) return false;
      break;
    case VoteKind::nullify:
      if (names_block) return false;
      break;
    default:
      return false;
  }
  const std::size_t members = epoch.committee().size();
  if (certificate.epoch != epoch.number() || certificate.view == 0) return false;
  if (members < Committee::members_max && certificate.signers >> members != 0) return false;
  const auto signers = static_cast<std::size_t>(std::popcount(certificate.signers));
  return signers >= epoch.quorum() && certificate.signatures.size() == signers;
}

std::vector<Vote> votes_of(const Certificate& certificate) {
  std::vector<Vote> votes;
  votes.reserve(certificate.signatures.size());
  for (SignerIndex signer = 0; signer < Committee::members_max; ++signer) {
    if ((certificate.signers >> signer & 1U) == 0) continue;
    votes.push_back({.kind = certificate.kind,
                     .epoch = certificate.epoch,
                     .view = certificate.view,
                     .block = certificate.block,
                     .signer = signer,
                     .signature = certificate.signatures[votes.size()]});
  }
  return votes;
}

void append_checks(const Certificate& certificate, const Epoch& epoch,
                   std::vector<crypto::SignatureCheck>& checks) {
  for (const Vote& vote : votes_of(certificate)) checks.push_back(check_of(vote, epoch));
}

}  // namespace consensus
