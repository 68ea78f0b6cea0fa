// Rng is the only source of chance in deciding code: xoshiro256** (Blackman and Vigna, 2018),
// seeded by SplitMix64. Not for keys. Each consumer forks its own stream by name, so that a draw in
// one place does not shift those of another: a failing run stays failing while it is shrunk.
#pragma once

#include "base/check.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace base {

class Rng {
 public:
  explicit Rng(std::uint64_t seed);

  // An independent stream that depends on this one's seed, the label and the index only; drawing
  // from either does not change the other.
  [[nodiscard]] Rng fork(std::string_view label, std::uint64_t index = 0) const;

  std::uint64_t next();
  std::uint64_t below(std::uint64_t bound);                   // uniform in [0, bound); bound > 0
  std::int64_t between(std::int64_t low, std::int64_t high);  // uniform in [low, high]
  bool chance(std::uint32_t parts_per_million);

  template <class T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) {
      const auto j = static_cast<std::size_t>(below(i));
      std::swap(items[i - 1], items[j]);
    }
  }
  template <class T>
  const T& pick(const std::vector<T>& items) {
    CHECK(!items.empty());
    return items[static_cast<std::size_t>(below(items.size()))];
  }

 private:
  std::uint64_t seed_;  // what fork() derives from
  std::array<std::uint64_t, 4> state_;
};

}  // namespace base
