// Where something stands in a table, by a 64-bit hash of what names it: open addressing with linear
// probing, eight bytes a place. For tables that every call passes: a tree of ten thousand nodes
// costs a miss of the cache at each of its levels. It cannot be walked through, so that its order,
// which hangs on its history, decides nothing.
#pragma once

#include "base/check.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace base {

// Spreads numbers that are counted up.
[[nodiscard]] constexpr std::uint64_t spread(std::uint64_t number) {
  number *= 0x9E3779B97F4A7C15U;  // Knuth, TAOCP 6.4: 2^64 by the golden ratio
  return number ^ (number >> 32U);
}

// For text whose characters hardly ever agree by chance, as those of ids do. Where others choose
// the text, a salt that they do not know.
[[nodiscard]] inline std::uint64_t spread(std::string_view text, std::uint64_t salt = 0) {
  std::uint64_t hash = text.size() ^ salt;
  while (!text.empty()) {
    std::uint64_t eight = 0;
    const std::size_t size = std::min<std::size_t>(8, text.size());
    std::memcpy(&eight, text.data(), size);
    hash = spread(hash ^ eight);
    text.remove_prefix(size);
  }
  return hash;
}

class SlotIndex {
 public:
  using Slot = std::uint32_t;

  // The first slot under this hash that `matches`; two things may share a hash.
  template <class Matches>
  [[nodiscard]] std::optional<Slot> find(std::uint64_t hash, const Matches& matches) const {
    if (size_ == 0) return std::nullopt;
    const auto tag = static_cast<std::uint32_t>(hash);
    for (std::size_t at = tag & mask(); places_[at].taken != 0; at = (at + 1) & mask()) {
      const Place place = places_[at];
      if (place.tag == tag && matches(place.taken - 1)) return place.taken - 1;
    }
    return std::nullopt;
  }

  void insert(std::uint64_t hash, Slot slot) {
    if (2 * (size_ + 1) > places_.size()) grow();
    put({.tag = static_cast<std::uint32_t>(hash), .taken = slot + 1});
    ++size_;
  }

  // It must be there.
  void erase(std::uint64_t hash, Slot slot) {
    CHECK(size_ > 0);
    std::size_t hole = static_cast<std::uint32_t>(hash) & mask();
    while (places_[hole].taken != slot + 1) {
      CHECK(places_[hole].taken != 0);
      hole = (hole + 1) & mask();
    }
    // Who probed past the hole moves into it, or would not be found any more.
    for (std::size_t at = (hole + 1) & mask(); places_[at].taken != 0; at = (at + 1) & mask()) {
      const std::size_t home = places_[at].tag & mask();
      if (((at - home) & mask()) < ((at - hole) & mask())) continue;
      places_[hole] = places_[at];
      hole = at;
    }
    places_[hole] = {};
    --size_;
  }

  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  struct Place {
    std::uint32_t tag = 0;    // of the hash; its low bits say where the place should be
    std::uint32_t taken = 0;  // 0: free, else the slot plus one
  };

  [[nodiscard]] std::size_t mask() const { return places_.size() - 1; }

  void put(Place place) {
    std::size_t at = place.tag & mask();
    while (places_[at].taken != 0) at = (at + 1) & mask();
    places_[at] = place;
  }

  void grow() {
    const std::vector<Place> old =
        std::exchange(places_, std::vector<Place>(places_.empty() ? 16 : 2 * places_.size()));
    for (const Place& place : old) {
      if (place.taken != 0) put(place);
    }
  }

  std::vector<Place> places_;  // a power of two of them, at most half of them taken
  std::size_t size_ = 0;
};

}  // namespace base
