#include "consensus/block.h"

#include "consensus/ops_root.h"
#include "consensus/statements.h"
#include "crypto/digest.h"

#include <utility>

namespace consensus {

namespace {

std::size_t bytes_of(const std::vector<base::Bytes>& ops) {
  std::size_t bytes = 0;
  for (const base::Bytes& op : ops) bytes += op.size();
  return bytes;
}

}  // namespace

Block::Block(BlockHeader header, std::vector<base::Bytes> ops)
    : header_(header),
      ops_(std::move(ops)),
      hash_(crypto::digest(header_bytes(header_))),
      complete_(header_.ops_count == ops_.size() && header_.ops_bytes == bytes_of(ops_) &&
                header_.ops_root == ops_root(ops_)) {}

BlockPtr make_block(BlockHeader header, std::vector<base::Bytes> ops) {
  header.ops_count = static_cast<std::uint32_t>(ops.size());
  header.ops_bytes = static_cast<std::uint32_t>(bytes_of(ops));
  header.ops_root = ops_root(ops);
  return std::make_shared<const Block>(header, std::move(ops));
}

}  // namespace consensus
