#include "storage/archive_backlog.h"

#include <algorithm>

namespace storage {

namespace {

// As it comes out of the archive.
DecidedBlock read(const DecidedBlock& block) {
  DecidedBlock out = block;
  out.ops.clear();
  return out;
}

}  // namespace

void ArchiveBacklog::extend(std::vector<DecidedBlock>& found, std::uint64_t from_height,
                            std::size_t blocks_max, std::size_t bytes_max) const {
  std::uint64_t expected = found.empty() ? from_height : found.back().height + 1;
  std::size_t bytes = 0;
  for (const DecidedBlock& block : found) bytes += block.block.size() + block.proof.size();
  std::size_t proven = found.size();  // of them, up to the last one with a proof
  for (auto at = blocks_.find(expected); at != blocks_.end(); ++at, ++expected) {
    const DecidedBlock& block = *at->second;
    if (block.height != expected) break;
    bytes += block.block.size() + block.proof.size();
    const bool full = found.size() >= blocks_max || bytes > bytes_max;
    if (full && proven > 0) break;
    found.push_back(read(block));
    if (!block.proof.empty()) proven = found.size();
  }
  found.resize(proven);
}

std::vector<DecidedBlock> ArchiveBacklog::newest(std::uint64_t below_height,
                                                 std::size_t blocks_max) const {
  std::vector<DecidedBlock> out;
  for (auto at = blocks_.lower_bound(below_height);
       at != blocks_.begin() && out.size() < blocks_max;) {
    --at;
    out.push_back(read(*at->second));
  }
  return out;
}

std::optional<OpPlace> ArchiveBacklog::find_op(const base::Digest& id) const {
  for (const auto& [height, block] : blocks_) {
    const auto op = std::ranges::find(block->ops, id);
    if (op == block->ops.end()) continue;
    OpPlace place{.blocks = {}, .index = static_cast<std::uint64_t>(op - block->ops.begin())};
    extend(place.blocks, height, 1, 0);
    return place;
  }
  return std::nullopt;
}

}  // namespace storage
