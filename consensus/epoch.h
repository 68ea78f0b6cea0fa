// An epoch: one committee and one set of rules, from the block that the previous epoch was sealed
// with. Its id commits to the mesh, the whole history before, the committee and the rules, and is
// in every vote: no signature can be replayed into another mesh, epoch or restored history.
// CONSENSUS 3.2, 3.5.
#pragma once

#include "base/ids.h"
#include "consensus/application.h"
#include "consensus/committee.h"

#include <cstdint>
#include <vector>

namespace consensus {

using EpochNumber = std::uint64_t;
using View = std::uint64_t;
using Height = std::uint64_t;

struct EpochDescriptor {
  base::MeshId mesh;
  EpochNumber number = 0;
  base::Digest previous;     // the previous epoch's id; zero in epoch 0
  base::Digest anchor_hash;  // the seal of the previous epoch; in epoch 0 the mesh id's bytes
  Height anchor_height = 0;
  Committee committee;
  Parameters parameters;
  bool operator==(const EpochDescriptor&) const = default;

  // Epoch 0 of a mesh.
  [[nodiscard]] static EpochDescriptor first(const base::MeshId& mesh, Committee committee,
                                             Parameters parameters);
};

// The id of a mesh as the hash of the block before its first.
[[nodiscard]] base::Digest origin_of(const base::MeshId& mesh);

// A descriptor with what follows from it.
class Epoch {
 public:
  explicit Epoch(EpochDescriptor descriptor);

  [[nodiscard]] const EpochDescriptor& descriptor() const { return descriptor_; }
  [[nodiscard]] EpochNumber number() const { return descriptor_.number; }
  [[nodiscard]] const base::Digest& id() const { return id_; }
  [[nodiscard]] const Committee& committee() const { return descriptor_.committee; }
  [[nodiscard]] const Parameters& parameters() const { return descriptor_.parameters; }
  [[nodiscard]] std::size_t quorum() const { return quorum_; }
  void weaken_quorum() { quorum_ = 2 * committee().faults() + 1; }  // Weakness::small_quorum
  // perm[(view - 1) mod n], where perm is a shuffle that the epoch's id seeds: a run of faulty
  // leaders is at most f long. View 0 has none.
  [[nodiscard]] SignerIndex leader(View view) const;

 private:
  EpochDescriptor descriptor_;
  base::Digest id_;
  std::size_t quorum_;
  std::vector<SignerIndex> leaders_;  // perm
};

}  // namespace consensus
