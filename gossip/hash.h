// Mixing for places and digests that need to be even, not unforgeable.
#pragma once

#include "base/bytes.h"

#include <cstdint>
#include <cstring>

namespace gossip {

// The finaliser of SplitMix64 (Steele, Lea, Flood; OOPSLA 2014).
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t z) {
  z += 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

// The first eight bytes, big-endian, so that numbers sort as bytes do.
[[nodiscard]] inline std::uint64_t leading_word(base::ByteView bytes) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < 8; ++i) word = word << 8 | std::to_integer<std::uint64_t>(bytes[i]);
  return word;
}

}  // namespace gossip
