// The compile-time half of the layer checks: the types of time and chance that deciding code holds
// cannot be asked for the time, nor made out of a clock or out of nothing.
#include "base/rng.h"
#include "base/time.h"

#include <gtest/gtest.h>

#include <chrono>
#include <type_traits>

namespace {

template <class T>
concept ReadsTime = requires {
  T::now();
};

template <class T, class Clock>
concept MadeFromClock = std::is_constructible_v<T, typename Clock::time_point>;

TEST(TypesTest, CannotReadTime) {
  static_assert(ReadsTime<std::chrono::steady_clock>, "the concept bites");
  static_assert(!ReadsTime<base::Instant>);
  static_assert(!ReadsTime<base::WallTime>);
  static_assert(!ReadsTime<base::Duration>);
}

TEST(TypesTest, CannotBeMadeFromAClock) {
  static_assert(MadeFromClock<std::chrono::steady_clock::time_point, std::chrono::steady_clock>,
                "the concept bites");
  static_assert(!MadeFromClock<base::Instant, std::chrono::steady_clock>);
  static_assert(!MadeFromClock<base::Instant, std::chrono::system_clock>);
  static_assert(!MadeFromClock<base::WallTime, std::chrono::system_clock>);
}

TEST(TypesTest, MonotonicAndCalendarTimeDoNotMix) {
  static_assert(!std::is_convertible_v<base::Instant, base::WallTime>);
  static_assert(!std::is_convertible_v<base::WallTime, base::Instant>);
  static_assert(!std::is_convertible_v<base::Duration, base::Instant>);
}

TEST(TypesTest, ChanceNeedsASeed) {
  static_assert(!std::is_default_constructible_v<base::Rng>);
  static_assert(!std::is_convertible_v<std::uint64_t, base::Rng>);
}

}  // namespace
