#include "consensus/tally.h"

#include "base/check.h"

namespace consensus {

bool Tally::add(const crypto::Verified<Vote>& vote, std::size_t members) {
  CHECK(vote->signer < members);
  if (votes_.empty()) votes_.resize(members);
  std::optional<Vote>& place = votes_[vote->signer];
  if (place) return false;
  place = *vote;
  return true;
}

const Vote* Tally::find(SignerIndex signer) const {
  if (signer >= votes_.size() || !votes_[signer]) return nullptr;
  return &*votes_[signer];
}

std::size_t Tally::count(const base::Digest& block) const {
  std::size_t count = 0;
  for (const std::optional<Vote>& vote : votes_) {
    if (vote && vote->block == block) ++count;
  }
  return count;
}

std::optional<Certificate> Tally::certificate(const base::Digest& block, const Epoch& epoch) const {
  const std::size_t signers = count(block);
  if (signers < epoch.quorum()) return std::nullopt;
  Certificate certificate;
  certificate.signatures.reserve(signers);
  for (const std::optional<Vote>& vote : votes_) {
    if (!vote || vote->block != block) continue;
    certificate.kind = vote->kind;
    certificate.epoch = vote->epoch;
    certificate.view = vote->view;
    certificate.block = block;
    certificate.signers |= std::uint64_t{1} << vote->signer;
    certificate.signatures.push_back(vote->signature);
  }
  return certificate;
}

}  // namespace consensus
