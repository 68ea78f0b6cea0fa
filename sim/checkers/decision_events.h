// What a checker is told about what the mesh decides.
#pragma once

#include "base/ids.h"
#include "base/time.h"
#include "consensus/vote.h"
#include "sim/scenario.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace sim {

// Somebody made an op, and asks for its decision.
struct OpMade {
  base::Duration at{};
  base::Digest op;
};
// A node took a block for decided: whoever asked it for one of the ops has an answer.
struct BlockDecided {
  base::Duration at{};
  NodeIndex node = 0;
  std::uint64_t height = 0;
  base::Digest block{};
  base::Digest claimed_root{};               // that the block says it leads to
  std::optional<base::Digest> state_root{};  // that the node has, if this is its newest block
  const std::vector<base::Digest>* ops = nullptr;
};
// A vote of its own left the kernel of a node; a proposal is one, too.
struct VoteLeft {
  base::Duration at{};
  NodeIndex node = 0;
  base::NodeId key{};  // that signed it
  std::uint64_t epoch = 0;
  std::uint64_t view = 0;
  consensus::VoteKind kind = consensus::VoteKind::notarize;
  base::Digest block{};
  bool forgotten = false;  // what else that key promised is not in the node's log
};
// At the end, for every height up to which a living node has decided: what its disk has there.
struct BlockArchived {
  base::Duration at{};
  NodeIndex node = 0;
  std::uint64_t height = 0;
  std::optional<base::Digest> block{};
};
// A node sends to one of which it knows that it was put out, or never let in.
struct ContactWithOutsider {
  base::Duration at{};
  NodeIndex from = 0;
  NodeIndex to = 0;
  std::string_view what;
};
// A node knows of another one that it was put out, or never let in. Told each second.
struct DoorShut {
  base::Duration at{};
  NodeIndex observer = 0;
  NodeIndex subject = 0;
};

}  // namespace sim
