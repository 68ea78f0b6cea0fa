// Histogram counts durations in fixed buckets whose bounds double: 250 µs, 500 µs, ... about 2
// minutes, and one for the rest. Bounds never move, so two snapshots can be subtracted and meshes
// be summed.
#pragma once

#include "base/time.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace base {

class Histogram {
 public:
  static constexpr std::size_t bounds = 20;

  // The upper bound of bucket `index`, itself included, as Prometheus' `le`.
  [[nodiscard]] static constexpr Duration bound(std::size_t index) {
    return std::chrono::microseconds(250) * (std::int64_t{1} << index);
  }

  void add(Duration duration) {
    std::size_t index = 0;
    while (index < bounds && duration > bound(index)) ++index;
    ++counts_[index];
    ++count_;
    sum_ += duration;
  }

  // How many fell into this bucket alone; index `bounds` is what was longer than every bound.
  [[nodiscard]] std::uint64_t in_bucket(std::size_t index) const { return counts_.at(index); }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] Duration sum() const { return sum_; }

  bool operator==(const Histogram&) const = default;

 private:
  std::array<std::uint64_t, bounds + 1> counts_{};
  std::uint64_t count_ = 0;
  Duration sum_{};
};

}  // namespace base
