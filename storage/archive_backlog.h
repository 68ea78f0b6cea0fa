// Decided blocks that the disk has not taken yet, to be read beside those that it has.
#pragma once

#include "storage/archived.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace storage {

class ArchiveBacklog {
 public:
  // It lives as long as this.
  void add(const DecidedBlock& block) { blocks_.insert_or_assign(block.height, &block); }

  // As Archive::read_range(), where `found` is what the disk has of it.
  void extend(std::vector<DecidedBlock>& found, std::uint64_t from_height, std::size_t blocks_max,
              std::size_t bytes_max) const;
  // As Archive::read_newest(), of these alone.
  [[nodiscard]] std::vector<DecidedBlock> newest(std::uint64_t below_height,
                                                 std::size_t blocks_max) const;
  [[nodiscard]] std::optional<OpPlace> find_op(const base::Digest& id) const;

 private:
  std::map<std::uint64_t, const DecidedBlock*> blocks_;  // by height
};

}  // namespace storage
