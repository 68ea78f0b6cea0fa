#include "consensus/epochs.h"

#include "base/check.h"
#include "consensus/statements.h"
#include "crypto/digest.h"

#include <algorithm>
#include <utility>

namespace consensus {

EpochDescriptor next_descriptor(const Epoch& ended, const base::Digest& seal_hash,
                                Height seal_height, const NextEpoch& next) {
  EpochDescriptor descriptor;
  descriptor.mesh = ended.descriptor().mesh;
  descriptor.number = ended.number() + 1;
  descriptor.previous = ended.id();
  descriptor.anchor_hash = seal_hash;
  descriptor.anchor_height = seal_height;
  descriptor.committee = next.committee;
  descriptor.parameters = next.parameters;
  return descriptor;
}

std::optional<std::string> fault_of(const EpochProof& proof, const Epoch& ended) {
  const BlockHeader& seal = proof.seal;
  if (!seal.seal() || seal.epoch_id != ended.id()) return "the seal is none of that epoch";
  const NextEpoch next{.committee = proof.descriptor.committee,
                       .parameters = proof.descriptor.parameters};
  if (next.committee.size() == 0) return "the next committee is empty";
  if (seal.next_epoch != next_epoch_root(next)) return "the seal names another committee";
  const base::Digest seal_hash = crypto::digest(header_bytes(seal));
  if (proof.descriptor != next_descriptor(ended, seal_hash, seal.height, next)) {
    return "the descriptor does not follow from the seal";
  }
  base::Digest last = seal_hash;
  View last_view = seal.view;
  for (const BlockHeader& header : proof.tail) {
    if (!header.tail() || header.epoch_id != ended.id() || header.parent_hash != last) {
      return "the tail does not follow on the seal";
    }
    last = crypto::digest(header_bytes(header));
    last_view = header.view;
  }
  const Certificate& finalization = proof.finalization;
  if (finalization.kind != VoteKind::finalize || !well_formed(finalization, ended)) {
    return "the finalization is not well formed";
  }
  if (finalization.block != last || finalization.view != last_view) {
    return "the finalization is of another block";
  }
  return std::nullopt;
}

Epochs::Epochs(EpochDescriptor first, bool small_quorum) : small_quorum_(small_quorum) {
  CHECK(first.number == 0);
  epochs_.emplace_back(std::move(first));
  if (small_quorum_) epochs_.back().weaken_quorum();
}

const Epoch* Epochs::find(EpochNumber number) const {
  if (number >= epochs_.size()) return nullptr;
  return &epochs_[static_cast<std::size_t>(number)];
}

const Epoch* Epochs::find(const base::Digest& id) const {
  // The newest are asked for most.
  const auto at = std::find_if(epochs_.rbegin(), epochs_.rend(),
                               [&](const Epoch& epoch) { return epoch.id() == id; });
  return at == epochs_.rend() ? nullptr : &*at;
}

const EpochProof* Epochs::end_of(EpochNumber number) const {
  if (number >= proofs_.size()) return nullptr;
  return &proofs_[static_cast<std::size_t>(number)];
}

std::vector<EpochProof> Epochs::proofs_from(EpochNumber number, std::size_t max) const {
  std::vector<EpochProof> proofs;
  for (EpochNumber next = number; next < proofs_.size() && proofs.size() < max; ++next) {
    proofs.push_back(proofs_[static_cast<std::size_t>(next)]);
  }
  return proofs;
}

const Epoch& Epochs::add(EpochProof proof) {
  CHECK(proof.descriptor.number == epochs_.size());
  epochs_.emplace_back(proof.descriptor);
  if (small_quorum_) epochs_.back().weaken_quorum();
  proofs_.push_back(std::move(proof));
  return epochs_.back();
}

}  // namespace consensus
