#include "consensus/epoch.h"

#include "base/check.h"
#include "base/rng.h"
#include "consensus/statements.h"

#include <numeric>
#include <utility>

namespace consensus {

base::Digest origin_of(const base::MeshId& mesh) {
  base::Digest origin;
  origin.bytes = mesh.bytes;
  return origin;
}

EpochDescriptor EpochDescriptor::first(const base::MeshId& mesh, Committee committee,
                                       Parameters parameters) {
  EpochDescriptor descriptor;
  descriptor.mesh = mesh;
  descriptor.anchor_hash = origin_of(mesh);
  descriptor.committee = std::move(committee);
  descriptor.parameters = parameters;
  return descriptor;
}

Epoch::Epoch(EpochDescriptor descriptor)
    : descriptor_(std::move(descriptor)),
      id_(epoch_id(descriptor_)),
      quorum_(descriptor_.committee.quorum()) {
  CHECK(descriptor_.committee.size() > 0);
  leaders_.resize(descriptor_.committee.size());
  std::iota(leaders_.begin(), leaders_.end(), SignerIndex{0});
  base::Rng(id_.head()).shuffle(leaders_);
}

SignerIndex Epoch::leader(View view) const {
  CHECK(view > 0);
  return leaders_[static_cast<std::size_t>((view - 1) % leaders_.size())];
}

}  // namespace consensus
