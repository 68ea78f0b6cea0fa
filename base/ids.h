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

  // In the order of the bytes. The first eight nearly always decide, since ids are random, and are
  // compared as one number: ids key every table, and memcmp was a third of a large mesh.
  constexpr bool operator==(const FixedBytes& other) const {
    return head() == other.head() && bytes == other.bytes;
  }
  constexpr std::strong_ordering operator<=>(const FixedBytes& other) const {
    if (const auto order = head() <=> other.head(); order != 0) return order;
    return bytes <=> other.bytes;
  }

  // The first eight bytes as a number whose order is that of the bytes; 0 if there are fewer.
  [[nodiscard]] constexpr std::uint64_t head() const {
    if constexpr (Size < 8) return 0;
    std::array<std::byte, 8> first{};
    for (std::size_t i = 0; i < std::min<std::size_t>(8, Size); ++i) first[i] = bytes[i];
    return __builtin_bswap64(std::bit_cast<std::uint64_t>(first));  // little-endian machines only
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
// BLAKE2b-256 of the genesis document.
using MeshId = FixedBytes<struct MeshIdKind, 32>;
// BLAKE2b-256 of anything else.
using Digest = FixedBytes<struct DigestKind, 32>;

}  // namespace base
