// Identifiers that are bytes. Each kind is a type of its own, so that one cannot stand for another.
#pragma once

#include "base/bytes.h"

#include <algorithm>
#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace base {

template <class Kind, std::size_t Size>
struct FixedBytes {
  static constexpr std::size_t size = Size;

  std::array<std::byte, Size> bytes{};

  // In the order of the bytes, but eight at a time: ids key every table, and comparing them was a
  // third of a large mesh.
  constexpr bool operator==(const FixedBytes& other) const {
    if constexpr (Size % 8 != 0) {
      return bytes == other.bytes;
    } else {
      for (std::size_t i = 0; i < Size / 8; ++i) {
        if (word(i) != other.word(i)) return false;
      }
      return true;
    }
  }
  constexpr std::strong_ordering operator<=>(const FixedBytes& other) const {
    if constexpr (Size % 8 != 0) {
      return bytes <=> other.bytes;
    } else {
      for (std::size_t i = 0; i < Size / 8; ++i) {
        if (const auto order = word(i) <=> other.word(i); order != 0) return order;
      }
      return std::strong_ordering::equal;
    }
  }

  // The first eight bytes as a number whose order is that of the bytes; 0 if there are fewer.
  [[nodiscard]] constexpr std::uint64_t head() const {
    if constexpr (Size < 8) {
      return 0;
    } else {
      return word(0);
    }
  }
  // The i-th eight bytes, likewise.
  [[nodiscard]] constexpr std::uint64_t word(std::size_t i) const {
    std::array<std::byte, 8> eight{};
    for (std::size_t j = 0; j < 8; ++j) eight[j] = bytes[8 * i + j];
    return __builtin_bswap64(std::bit_cast<std::uint64_t>(eight));  // little-endian machines only
  }
  static_assert(std::endian::native == std::endian::little);

  [[nodiscard]] ByteView view() const { return bytes; }
  [[nodiscard]] std::string hex() const { return to_hex(bytes); }
  // The first eight hexadecimal digits: for people, never for decisions.
  [[nodiscard]] std::string short_hex() const { return to_hex(view().first(4)); }
  [[nodiscard]] bool is_zero() const {
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
  }

  [[nodiscard]] static std::optional<FixedBytes> from_hex(std::string_view hex) {
    FixedBytes out;
    if (!base::from_hex(hex, out.bytes)) return std::nullopt;
    return out;
  }
  // Nothing unless `view` is exactly Size bytes long.
  [[nodiscard]] static std::optional<FixedBytes> from_view(ByteView view) {
    if (view.size() != Size) return std::nullopt;
    FixedBytes out;
    std::copy(view.begin(), view.end(), out.bytes.begin());
    return out;
  }
};

// A node is its Ed25519 public key.
using NodeId = FixedBytes<struct NodeIdKind, 32>;
// A validator's other Ed25519 public key, under which it votes: never its NodeId's.
using VoteKey = FixedBytes<struct VoteKeyKind, 32>;
// BLAKE2b-256 of the genesis document.
using MeshId = FixedBytes<struct MeshIdKind, 32>;
// BLAKE2b-256 of anything else.
using Digest = FixedBytes<struct DigestKind, 32>;

}  // namespace base
