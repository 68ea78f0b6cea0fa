// What the ordered log of a node holds. Replayed in order it gives back every promise that the node
// made and the certificates that they rest on. CONSENSUS 3.11.
#pragma once

#include "consensus/block.h"
#include "consensus/certificate.h"
#include "consensus/message.h"
#include "consensus/state_transfer.h"
#include "consensus/vote.h"

#include <optional>
#include <variant>
#include <vector>

namespace consensus {

struct EpochStart {
  EpochProof proof;  // its descriptor is the epoch that starts
};
struct BlockBody {
  BlockPtr block;
};
struct OwnVote {
  Vote vote;
};

using Record = std::variant<EpochStart, BlockBody, Certificate, OwnVote>;

// How many records were appended up to and with this one, since the log began.
using LogPosition = std::uint64_t;

// A decided block as storage keeps it, together with the application's state that it led to: one
// transaction, so that the state never runs ahead of what agreement knows to be final.
struct Decision {
  BlockPtr block;
  // The finalization of the block, or of the last of the headers that follow it here. Nothing if
  // a later decision of the same step carries it: all decisions of one step are one transaction.
  std::optional<Certificate> finalization;
  std::vector<BlockHeader> tail;
};

// What a node finds on its disk when it starts.
struct Recovery {
  std::vector<EpochProof> epochs;    // as storage keeps them, from the end of epoch 0 on
  std::optional<Decision> decision;  // the newest whose state the application holds, with its proof
  std::vector<Record> log;
  LogPosition position = 0;       // of its last record
  std::vector<KeptPiece> pieces;  // of a snapshot that was not complete
};

}  // namespace consensus
