// What validators and observers say to each other. Votes count only on their signer's own link;
// everything else may be relayed by anyone, because it proves itself. CONSENSUS 3.3.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "consensus/block.h"
#include "consensus/certificate.h"
#include "consensus/epoch.h"
#include "consensus/state_transfer.h"
#include "consensus/vote.h"
#include "crypto/identity.h"

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

namespace consensus {

// Carries the certificates that one needs to see that it may be voted for.
struct Proposal {
  BlockPtr block;
  std::vector<Certificate> justification;  // newest view first
  crypto::Signature leader_signature;  // of the leader's notarize vote: one signature, two roles
};

struct Status {
  EpochNumber epoch = 0;
  base::Digest epoch_id;
  View finalized_view = 0;
  Height finalized_height = 0;
  base::Digest finalized_hash;
  View view = 0;
  // Bit i: the certificate of view finalized_view + 1 + i is here.
  std::uint64_t have_notarizations = 0;
  std::uint64_t have_nullifications = 0;
  std::optional<Certificate> entry;   // proof of `view`; none in view 1
  std::vector<Vote> your_last_votes;  // the newest that we hold from you, at most 3
  bool asks = false;                  // answer with yours at once: a start, or another epoch
};

struct GetBlocks {
  std::vector<base::Digest> hashes;
};
struct Blocks {
  std::vector<BlockPtr> blocks;
};
struct GetRange {
  EpochNumber epoch = 0;  // the newest that is proven to the asker, for a snapshot's proof
  Height from_height = 0;
  std::uint16_t blocks_max = 0;
  std::uint32_t bytes_max = 0;
  Height snapshot_after = 0;  // nearer than that it wants blocks
};
// Decided blocks of consecutive heights in one epoch. The finalization is that of the last one, or
// of the last header of `tail`, which follow it.
struct Range {
  std::vector<BlockPtr> blocks;
  Certificate finalization;
  std::vector<BlockHeader> tail;
};
struct GetCertificates {
  EpochNumber epoch = 0;
  std::vector<View> views;
};
struct Certificates {
  std::vector<Certificate> certificates;
};
struct GetEpochs {
  EpochNumber from_epoch = 0;
  std::uint16_t epochs_max = 0;
};
// That an epoch ended and what follows it: the seal was finalized, directly or through its tail.
struct EpochProof {
  EpochDescriptor descriptor;  // of the next epoch
  BlockHeader seal;
  std::vector<BlockHeader> tail;
  Certificate finalization;  // of the last header, by the committee of the epoch that ended
};
struct EpochProofs {
  std::vector<EpochProof> proofs;  // consecutive
};
// Instead of a range that would be too long: the state that a finalized block led to, in pieces.
struct SnapshotOffer {
  BlockPtr block;
  Certificate finalization;        // of the block itself
  std::vector<EpochProof> epochs;  // from the asker's on to that of the block
  base::Bytes manifest;            // of the application
};
struct GetPieces {
  base::Digest root;  // of the state
  std::vector<PieceIndex> pieces;
  std::uint32_t offset = 0;  // in the first of them
};
struct Piece {
  PieceIndex index = 0;
  std::uint32_t offset = 0;
  std::uint32_t size = 0;  // of all of it
  base::Bytes bytes;
};
struct Pieces {
  base::Digest root;
  std::vector<Piece> pieces;
};
struct OpGossip {
  std::vector<base::Bytes> ops;
};
// Two votes that no correct validator casts both.
struct Evidence {
  Vote first;
  Vote second;
  bool operator==(const Evidence&) const = default;
};

// Asks who would have a seat in the next committee whether it could take it (3.9).
struct GetReady {
  base::Digest epoch_id;  // of the epoch that would end
  Height height = 0;      // committed at who asks: below it one is behind
  NextEpoch next;
  Height not_after_height = 0;
};
enum class Unready : std::uint8_t {
  no,  // it is ready
  behind,
  other_epoch,
  other_key,     // it has none, or not the one that the seat lists
  abstains,      // its key is spent, and it needs a fresh one first; or its own fault stopped it
  out_of_range,  // asked for longer than anybody promises
};
// "I am synced and hold the key of this seat", or why not.
struct Readiness {
  base::Digest epoch_id;
  base::Digest next;  // next_epoch_root()
  Height not_after_height = 0;
  Unready why = Unready::no;
  crypto::Signature signature;  // of ready_statement(); zero unless ready
};

using Message = std::variant<Vote, Certificate, Proposal, Status, GetBlocks, Blocks, GetRange,
                             Range, GetCertificates, Certificates, GetEpochs, EpochProofs, OpGossip,
                             Evidence, SnapshotOffer, GetPieces, Pieces, GetReady, Readiness>;

}  // namespace consensus
