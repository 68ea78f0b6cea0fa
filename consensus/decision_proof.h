// That an op was decided, for anybody who knows the descriptor of its epoch: no network, no state.
// The op's place in the tree of its block, the headers from that block to one with a finalization,
// and the finalization. CONSENSUS 3.10.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "consensus/block.h"
#include "consensus/certificate.h"
#include "consensus/epoch.h"
#include "consensus/message.h"
#include "consensus/record.h"
#include "crypto/verified.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace consensus {

struct DecisionProof {
  base::Bytes op;
  std::uint32_t index = 0;         // among the ops of its block
  std::vector<base::Digest> path;  // siblings, from the leaf up
  BlockHeader header;              // of its block
  std::vector<BlockHeader> above;  // each the child of the one before; empty: finalized directly
  Certificate finalization;        // of the last of them
};

// Of op number `index` of the first decision; the others follow it, and only the last one needs a
// finalization. Nothing if the index or the finalization is missing.
[[nodiscard]] std::optional<DecisionProof> prove(std::span<const Decision> decisions,
                                                 std::uint32_t index);

// Everything but the signatures of the finalization, which append_checks() gives. Nothing if all is
// well, or which check failed.
[[nodiscard]] std::optional<std::string> fault_of(const DecisionProof& proof, const Epoch& epoch);

// What a proof that holds says.
struct Proven {
  EpochNumber epoch = 0;
  base::Digest epoch_id;  // a checkpoint for what comes later
  Height height = 0;
  std::uint64_t timestamp_ms = 0;
};

// All of it, signatures included, for somebody who knows nothing but the id of one epoch, that of
// genesis or of a later checkpoint: it has to be on the way. `ended` says how each epoch from
// `first` on ended, up to the one before the block's. An id commits to all of the history before
// it, so what leads to the trusted epoch is held against it as well. The error names the check that
// failed first.
[[nodiscard]] base::Result<Proven, std::string> verify(const DecisionProof& proof,
                                                       std::span<const EpochProof> ended,
                                                       const EpochDescriptor& first,
                                                       const base::Digest& trusted);

}  // namespace consensus
