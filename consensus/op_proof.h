// Why an op is decided, for somebody who was not there: the op, its place in a block, the headers
// from that block to one that a quorum finalized, and how each epoch until then ended. Checked with
// the first epoch's descriptor alone, which genesis gives (CONSENSUS 3.10).
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "consensus/block.h"
#include "consensus/certificate.h"
#include "consensus/epoch.h"
#include "consensus/message.h"

#include <cstdint>
#include <string>
#include <vector>

namespace consensus {

struct OpProof {
  base::Bytes op;
  std::uint32_t index = 0;         // among the ops of its block
  std::vector<base::Digest> path;  // ops_root.h
  BlockHeader header;              // of its block
  std::vector<BlockHeader> tail;   // those that follow it, up to the one that was finalized
  Certificate finalization;        // of the last of these headers
  std::vector<EpochProof> epochs;  // how epochs 0, 1, ... ended, up to the one before the block's
};

// What a proof that holds says.
struct Proven {
  EpochNumber epoch = 0;
  Height height = 0;
  std::uint64_t timestamp_ms = 0;
  base::Digest block;
};

// The error names the check that failed first.
[[nodiscard]] base::Result<Proven, std::string> check_proof(const OpProof& proof,
                                                            const EpochDescriptor& first);

}  // namespace consensus
