// A block: a header of 224 fixed bytes, whose hash is the block's name, and the ops that it decides
// about. The header commits to every byte of the ops, so a body is known good by its hash, whoever
// sends it. CONSENSUS 3.2.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "consensus/committee.h"
#include "consensus/epoch.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace consensus {

struct BlockHeader {
  static constexpr std::uint16_t flag_seal = 1;  // the last block of its epoch that counts
  static constexpr std::uint16_t flag_tail = 2;  // behind a seal: only there to get it finalized

  std::uint16_t version = 1;
  std::uint16_t flags = 0;
  SignerIndex proposer = 0;
  base::Digest epoch_id;
  View view = 0;
  Height height = 0;
  View parent_view = 0;
  base::Digest parent_hash;
  std::uint64_t timestamp_ms = 0;
  std::uint32_t ops_count = 0;
  std::uint32_t ops_bytes = 0;
  base::Digest ops_root;
  base::Digest state_root;
  base::Digest next_epoch;  // of a seal and its tail: what the next epoch is; else zero

  bool operator==(const BlockHeader&) const = default;
  [[nodiscard]] bool seal() const { return (flags & flag_seal) != 0; }
  [[nodiscard]] bool tail() const { return (flags & flag_tail) != 0; }
};

class Block {
 public:
  Block(BlockHeader header, std::vector<base::Bytes> ops);

  [[nodiscard]] const BlockHeader& header() const { return header_; }
  [[nodiscard]] const std::vector<base::Bytes>& ops() const { return ops_; }
  [[nodiscard]] const base::Digest& hash() const { return hash_; }
  // Count, bytes and root of the ops are what the header says.
  [[nodiscard]] bool complete() const { return complete_; }

 private:
  BlockHeader header_;
  std::vector<base::Bytes> ops_;
  base::Digest hash_;
  bool complete_;
};

// Never changed once made: shared by the tree, the log records and the messages that carry it.
using BlockPtr = std::shared_ptr<const Block>;

// Fills in count, bytes and root of the ops.
[[nodiscard]] BlockPtr make_block(BlockHeader header, std::vector<base::Bytes> ops);

}  // namespace consensus
