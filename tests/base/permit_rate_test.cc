#include "base/permit_rate.h"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>

namespace base {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Instant start = Instant::from_nanoseconds(1'000'000'000);

int take_all(PermitRate& rate, Instant now) {
  int taken = 0;
  while (taken < 10'000 && rate.take(now)) ++taken;
  return taken;
}

TEST(PermitRateTest, BeginsWithABurst) {
  PermitRate rate(10, 5);
  EXPECT_EQ(take_all(rate, start), 5);
}

TEST(PermitRateTest, BeginsFullAtAnyInstant) {
  PermitRate rate(10, 5);
  EXPECT_EQ(take_all(rate, Instant::from_nanoseconds(-1'000'000'000'000)), 5);
}

TEST(PermitRateTest, GivesOneMoreAfterEachInterval) {
  PermitRate rate(10, 5);
  take_all(rate, start);
  EXPECT_FALSE(rate.take(start + milliseconds(99)));
  EXPECT_TRUE(rate.take(start + milliseconds(100)));
  EXPECT_FALSE(rate.take(start + milliseconds(100)));
  EXPECT_EQ(take_all(rate, start + milliseconds(400)), 3);
}

TEST(PermitRateTest, SavesUpNoMoreThanABurst) {
  PermitRate rate(10, 5);
  take_all(rate, start);
  EXPECT_EQ(take_all(rate, start + hours(10)), 5);
}

TEST(PermitRateTest, KeepsTheAverageUnderPressure) {
  PermitRate rate(50, 10);
  int taken = 0;
  for (int i = 0; i < 10'000; ++i) {
    if (rate.take(start + i * milliseconds(1))) ++taken;
  }
  EXPECT_EQ(taken, 10 + 499);  // ten seconds less a millisecond
}

TEST(PermitRateTest, SaysHowLongToWait) {
  PermitRate rate(10, 2);
  EXPECT_EQ(rate.wait(start), Duration::zero());
  EXPECT_TRUE(rate.take(start));
  EXPECT_EQ(rate.wait(start), Duration::zero());
  EXPECT_TRUE(rate.take(start));
  EXPECT_EQ(rate.wait(start), milliseconds(100));
  EXPECT_EQ(rate.wait(start + milliseconds(30)), milliseconds(70));
  EXPECT_EQ(rate.wait(start + milliseconds(100)), Duration::zero());
  EXPECT_TRUE(rate.take(start + milliseconds(100)));
}

TEST(PermitRateTest, ARefusalTakesNothing) {
  PermitRate rate(10, 1);
  EXPECT_TRUE(rate.take(start));
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(rate.take(start + milliseconds(50)));
  EXPECT_TRUE(rate.take(start + milliseconds(100)));
}

TEST(PermitRateTest, MayGiveLessThanOneASecond) {
  PermitRate rate(0.1, 1);
  EXPECT_TRUE(rate.take(start));
  EXPECT_EQ(rate.wait(start), seconds(10));
  EXPECT_FALSE(rate.take(start + seconds(9)));
  EXPECT_TRUE(rate.take(start + seconds(10)));
}

TEST(PermitRateTest, BearsAnyRateAndBurst) {
  constexpr auto most = std::numeric_limits<std::uint32_t>::max();
  PermitRate slow(std::numeric_limits<double>::denorm_min(), most);
  EXPECT_EQ(take_all(slow, start), 101);  // a hundred years ahead of time, and one
  EXPECT_EQ(slow.wait(start), hours(24 * 365));
  PermitRate fast(std::numeric_limits<double>::infinity(), most);
  EXPECT_EQ(take_all(fast, start), 10'000);
}

}  // namespace
}  // namespace base
