// Ops that were read lately. An op passes a node several times, by gossip, from the pool of ops and
// in blocks, and is asked about at each step; to read it costs more than most of these steps.
// Bounded; what is forgotten is read again.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "base/slot_index.h"
#include "ledger/op.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace kernel {

class ReadOps {
 public:
  struct Options {
    std::size_t ops_max = 2'048;
    std::size_t op_bytes_max = 4'096;  // larger ones are rare, and not kept
    std::uint64_t salt = 0;            // unknown to others, or they choose ops that share a hash
  };

  explicit ReadOps(const base::MeshId& mesh) : ReadOps(mesh, Options()) {}
  ReadOps(const base::MeshId& mesh, Options options) : mesh_(mesh), options_(options) {}

  // As ledger::Op::parse(); says nothing about signatures.
  [[nodiscard]] std::optional<ledger::Op> read(base::ByteView bytes);

  // Of one that is still here below any signature; nothing is read for it.
  [[nodiscard]] std::optional<base::Digest> id_of(base::ByteView bytes) const;

  [[nodiscard]] std::size_t size() const { return ring_.size(); }

 private:
  // Of one that says the same, below any signature.
  [[nodiscard]] std::optional<base::SlotIndex::Slot> place_of(base::ByteView bytes) const;
  // Not their id: to look for it costs less than to make it.
  [[nodiscard]] std::uint64_t hash_of(base::ByteView op) const;
  void keep(const ledger::Op& op);

  base::MeshId mesh_;
  Options options_;
  std::vector<ledger::Op> ring_;
  std::size_t next_ = 0;    // the oldest, once it is full
  base::SlotIndex places_;  // in ring_, by a hash of what is signed
};

}  // namespace kernel
