#include "node/kernel/lifecycle.h"

#include <gtest/gtest.h>

#include <chrono>

namespace kernel {
namespace {

using std::chrono::seconds;

constexpr base::Instant start = base::Instant::from_nanoseconds(0);

Lifecycle serving() {
  Lifecycle lifecycle(seconds(30));
  lifecycle.start();
  return lifecycle;
}

// Advances as far as it goes; the phase it ends in.
Phase settle(Lifecycle& lifecycle, std::size_t exchanges, bool departed, base::Instant now) {
  while (lifecycle.advance(exchanges, departed, now)) {
  }
  return lifecycle.phase();
}

TEST(LifecycleTest, LeavesOnceTheLastCallIsOver) {
  Lifecycle lifecycle = serving();
  lifecycle.drain(true, start);
  EXPECT_EQ(settle(lifecycle, 2, false, start + seconds(1)), Phase::draining);
  EXPECT_EQ(settle(lifecycle, 0, false, start + seconds(2)), Phase::leaving);
  EXPECT_EQ(settle(lifecycle, 0, true, start + seconds(3)), Phase::gone);
}

TEST(LifecycleTest, WaitsForCallsNoLongerThanTheTimeout) {
  Lifecycle lifecycle = serving();
  lifecycle.drain(true, start);
  EXPECT_EQ(lifecycle.next_deadline(), start + seconds(30));
  EXPECT_EQ(settle(lifecycle, 1, false, start + seconds(29)), Phase::draining);
  EXPECT_EQ(settle(lifecycle, 1, false, start + seconds(30)), Phase::leaving);
  EXPECT_EQ(lifecycle.next_deadline(), base::Instant::never());
}

TEST(LifecycleTest, StaysDrainedWhenItShallNotLeave) {
  Lifecycle lifecycle = serving();
  lifecycle.drain(false, start);
  EXPECT_EQ(settle(lifecycle, 0, true, start + seconds(60)), Phase::draining);
  EXPECT_EQ(lifecycle.next_deadline(), base::Instant::never());
}

TEST(LifecycleTest, ServesAgainAfterADrainWithoutLeaving) {
  Lifecycle lifecycle = serving();
  lifecycle.drain(false, start);
  EXPECT_EQ(settle(lifecycle, 0, false, start), Phase::draining);
  lifecycle.resume();
  EXPECT_EQ(settle(lifecycle, 0, false, start), Phase::serving);
}

TEST(LifecycleTest, CannotBeCalledBackFromLeaving) {
  Lifecycle lifecycle = serving();
  lifecycle.drain(true, start);
  lifecycle.resume();
  EXPECT_EQ(settle(lifecycle, 0, false, start), Phase::leaving);
  lifecycle.resume();
  lifecycle.drain(false, start);
  EXPECT_EQ(settle(lifecycle, 0, false, start), Phase::leaving);
}

TEST(LifecycleTest, ADrainMayTurnIntoLeaving) {
  Lifecycle lifecycle = serving();
  lifecycle.drain(false, start);
  EXPECT_EQ(settle(lifecycle, 1, false, start), Phase::draining);
  lifecycle.drain(true, start + seconds(5));
  EXPECT_EQ(lifecycle.next_deadline(), start + seconds(35));
  EXPECT_EQ(settle(lifecycle, 0, false, start + seconds(6)), Phase::leaving);
}

TEST(LifecycleTest, SaysEachTransitionOnce) {
  Lifecycle lifecycle = serving();
  lifecycle.drain(true, start);
  const auto transition = lifecycle.advance(1, false, start);
  ASSERT_TRUE(transition.has_value());
  EXPECT_EQ(transition->from, "serving");
  EXPECT_EQ(transition->to, "draining");
  EXPECT_FALSE(lifecycle.advance(1, false, start).has_value());
}

}  // namespace
}  // namespace kernel
