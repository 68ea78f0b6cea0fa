// What the archive is given and gives back.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace storage {

struct DecidedBlock {
  std::uint64_t height = 0;
  std::uint64_t epoch = 0;
  base::Bytes block;
  base::Bytes proof;              // empty: that of the next block that has one holds for it too
  std::vector<base::Digest> ops;  // by which it is found; only going in
  base::Bytes events;             // what they changed
  bool operator==(const DecidedBlock&) const = default;
};
using Document = std::pair<std::string, base::Bytes>;
// By key: the new document, or nothing where one is deleted.
using DocumentChange = std::pair<std::string, std::optional<base::Bytes>>;

// Heights of blocks that are not there.
struct Gap {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  bool operator==(const Gap&) const = default;
};

// What the last run left.
struct Archived {
  std::vector<base::Bytes> epochs;                            // by number
  std::vector<std::pair<std::uint32_t, base::Bytes>> pieces;  // that were kept
  std::optional<DecidedBlock> newest;
  std::vector<Document> state;  // by key
  std::vector<Gap> gaps;        // ascending
};

// Where an op was decided.
struct OpPlace {
  std::vector<DecidedBlock> blocks;  // its own, and those behind it up to one with a proof
  std::uint64_t index = 0;           // among its ops
};

}  // namespace storage
