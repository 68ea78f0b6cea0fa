// Ops that their author signs together: one signature, over the root of a Merkle tree of their ids,
// serves all of them, so that a node with many users signs once where it would sign a hundred times
// and is checked once. Each op carries its own place in the tree and needs no other.
//
//   leaf = H("mesh.opleaf.v1" 16 | index u32 | op id)
//   node = H("mesh.opnode.v1" 16 | left | right); an odd node is promoted
//   signed: "mesh.ops.v1" 16 | mesh 32 | author 32 | number of ops u32 | root 32
#pragma once

#include "base/ids.h"
#include "crypto/statement.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace ledger {

constexpr std::size_t op_set_max = 256;  // ops

struct OpPlace {
  std::uint32_t index = 0;
  std::uint32_t count = 1;         // ops of the set
  std::vector<base::Digest> path;  // siblings on the way up

  bool operator==(const OpPlace&) const = default;
};

// Of each of them, in order; at least one, at most op_set_max.
[[nodiscard]] std::vector<OpPlace> op_places(std::span<const base::Digest> ids);
// The root that an op with this id at this place leads to; nothing if the place cannot be.
[[nodiscard]] std::optional<base::Digest> op_set_root(const base::Digest& id, const OpPlace& place);
// How many siblings are on the way up from there.
[[nodiscard]] std::size_t path_length(std::uint32_t index, std::uint32_t count);

[[nodiscard]] crypto::Statement op_set_statement(const base::MeshId& mesh,
                                                 const base::NodeId& author, std::uint32_t count,
                                                 const base::Digest& root);

}  // namespace ledger
