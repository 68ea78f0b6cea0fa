// A running hash over everything that happens in a world: two runs of a scenario are the same run
// if and only if their digests are equal. Fast, not cryptographic, until finish().
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "crypto/digest.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace sim {

class RunDigest {
 public:
  void add(std::uint64_t word) {
    lane_[0] = std::rotl((lane_[0] ^ word) * 0x9e3779b97f4a7c15ULL, 29);
    lane_[1] = std::rotl(lane_[1] + word, 13) * 0xbf58476d1ce4e5b9ULL;
    lane_[1] ^= lane_[0];
  }
  void add(base::ByteView bytes) {
    add(bytes.size());
    std::size_t i = 0;
    for (; i + 8 <= bytes.size(); i += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data() + i, 8);
      add(word);
    }
    std::uint64_t tail = 0;
    for (; i < bytes.size(); ++i) tail = tail << 8 | std::to_integer<std::uint64_t>(bytes[i]);
    add(tail);
  }
  void add(std::string_view text) { add(base::as_bytes(text)); }

  [[nodiscard]] base::Digest finish() const {
    return crypto::digest(std::as_bytes(std::span(lane_)));
  }

 private:
  std::array<std::uint64_t, 2> lane_{0x243f6a8885a308d3ULL, 0x13198a2e03707344ULL};
};

}  // namespace sim
