// Time as the deciding code sees it: a Duration, an Instant on a monotonic clock and a WallTime on
// the calendar clock. None of them can be read here: `now` is always an argument, so the same code
// runs on a machine's clock and on the simulator's virtual one.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <limits>

namespace base {

using Duration = std::chrono::nanoseconds;

// A point on one node's monotonic clock, in nanoseconds since an origin that only that clock knows.
class Instant {
 public:
  constexpr Instant() = default;
  [[nodiscard]] static constexpr Instant from_nanoseconds(std::int64_t count) {
    Instant instant;
    instant.count_ = count;
    return instant;
  }
  // Later than every other instant: the deadline of what has none.
  [[nodiscard]] static constexpr Instant never() {
    return from_nanoseconds(std::numeric_limits<std::int64_t>::max());
  }
  [[nodiscard]] constexpr std::int64_t nanoseconds() const { return count_; }

  constexpr auto operator<=>(const Instant&) const = default;

  // Adding to never() stays never(); all other sums saturate there too.
  friend constexpr Instant operator+(Instant instant, Duration duration) {
    std::int64_t sum = 0;
    if (instant == never() || __builtin_add_overflow(instant.count_, duration.count(), &sum)) {
      return never();
    }
    return from_nanoseconds(sum);
  }
  friend constexpr Instant operator-(Instant instant, Duration duration) {
    return instant + -duration;
  }
  friend constexpr Duration operator-(Instant later, Instant earlier) {
    return Duration(later.count_ - earlier.count_);
  }

 private:
  std::int64_t count_ = 0;
};

[[nodiscard]] constexpr double in_seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}
[[nodiscard]] constexpr double in_milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

// A point on a node's calendar clock, in milliseconds since 1970-01-01 UTC. May jump; never used to
// measure a duration.
struct WallTime {
  std::int64_t milliseconds = 0;

  constexpr auto operator<=>(const WallTime&) const = default;
};

}  // namespace base
