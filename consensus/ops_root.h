// The Merkle tree over the ops of a block: a leaf for each, an odd node is promoted, no ops are 32
// zero bytes. A leaf covers the whole op, its signature too, so that the body of a block is fixed
// by its hash; the number of ops is in the header, so the shape is fixed. CONSENSUS 3.2.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"

#include <cstdint>
#include <vector>

namespace consensus {

[[nodiscard]] base::Digest ops_root(const std::vector<base::Bytes>& ops);

// The siblings on the way from leaf `index` up to the root. `index` < number of ops.
[[nodiscard]] std::vector<base::Digest> ops_path(const std::vector<base::Bytes>& ops,
                                                 std::uint32_t index);

// Whether `op` is number `index` of the `count` ops below `root`.
[[nodiscard]] bool proves(const std::vector<base::Digest>& path, base::ByteView op,
                          std::uint32_t index, std::uint32_t count, const base::Digest& root);

}  // namespace consensus
