// The bytes of an ordered log (ordered_log.h): a head, then records one behind the other, each at a
// multiple of eight bytes. All integers little-endian.
//
//   head     "parley.log.1"  16 B, zero padded | position before the first record u64 |
//            checksum of both, 8 B
//   record   "rec1" u32 | length of the payload u32 | its position u64 |
//            position up to which the log was on disk when it was written u64 |
//            checksum of all of this and the payload, 16 B | payload | zeros up to a multiple of 8
//
// Checksums are the first bytes of a BLAKE2b-256 digest. A record that does not hold, with nothing
// behind it that was promised to be on disk, is a torn tail: a write that a loss of power cut off.
// If a record behind it says that the place was on disk once, the log is damaged, and what it
// promised is lost: whoever votes by it must not go on as if nothing had been there.
#pragma once

#include "base/bytes.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace storage {

inline constexpr std::size_t log_head_bytes = 32;
inline constexpr std::size_t log_record_head_bytes = 40;
inline constexpr std::size_t log_payload_bytes_max = std::size_t{16} * 1024 * 1024;

void append_log_head(std::uint64_t position, base::Bytes& out);
// `synced`: everything up to there is on disk.
void append_log_record(std::uint64_t position, std::uint64_t synced, base::ByteView payload,
                       base::Bytes& out);

enum class LogEnding : std::uint8_t {
  whole,    // after the last record there is nothing
  torn,     // an unfinished write, which nobody was told to be on disk
  damaged,  // records that were on disk are gone
};

struct LogContent {
  std::vector<base::Bytes> records;
  std::uint64_t position = 0;  // of the last one
  std::size_t bytes = 0;       // up to the end of the last one
  LogEnding ending = LogEnding::whole;
};

[[nodiscard]] LogContent read_log(base::ByteView file);

}  // namespace storage
