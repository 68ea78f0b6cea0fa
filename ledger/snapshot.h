// A State in pieces that a stranger may hand over (CONSENSUS 3.10): first the digests of the 1024
// buckets, which have to give the state root of a finalized block, then bucket after bucket in any
// order, each held against its digest. Nothing that does not hold is kept; whom to ask instead is
// the caller's matter. A bucket has one encoding:
//
//   count u32, then by key: key (u16 length), document (u32 length)
#pragma once

#include "base/result.h"
#include "ledger/state.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ledger {

constexpr std::size_t bucket_bytes_max = std::size_t{16} * 1024 * 1024;

[[nodiscard]] base::Bytes encode_manifest(const State& state);  // 1024 digests
[[nodiscard]] base::Bytes encode_bucket(const Bucket& bucket);

enum class SnapshotError : std::uint8_t {
  malformed,     // no manifest, or no encoding of a bucket
  other_digest,  // well formed, and not what was finalized
  unasked,       // there already, empty, or no such bucket
};

class Snapshot {
 public:
  [[nodiscard]] static base::Result<Snapshot, SnapshotError> begin(const base::Digest& root,
                                                                   base::ByteView manifest);
  base::Result<void, SnapshotError> on_bucket(std::size_t index, base::ByteView bytes);

  // Those that are missing here and the same there.
  void reuse(const State& state);
  void reuse(const Snapshot& other);
  // Of buckets that are still missing, ascending, at most `max`.
  [[nodiscard]] std::vector<std::size_t> missing(std::size_t max) const;
  [[nodiscard]] bool complete() const { return missing_ == 0; }
  // Once it is complete.
  [[nodiscard]] State state() const;

 private:
  Snapshot() = default;

  std::array<base::Digest, State::bucket_count> digests_;
  // Owned here and by the State that is made of them; null while missing.
  std::array<std::shared_ptr<const Bucket>, State::bucket_count> buckets_;
  std::size_t missing_ = 0;
};

}  // namespace ledger
