#include "node/kernel/knocks.h"

#include <gtest/gtest.h>

namespace kernel {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

base::NodeId stranger(std::uint32_t number) {
  base::NodeId out;
  out.bytes[0] = static_cast<std::byte>(number);
  out.bytes[1] = static_cast<std::byte>(number >> 8U);
  return out;
}
base::Endpoint address(std::uint8_t net, std::uint8_t host = 1) {
  return base::Endpoint::v4({198, 51, net, host}, 7400);
}

TEST(KnocksTest, OneWhoKnocksAllTheTimeKeepsNobodyElseOut) {
  Knocks knocks;
  int taken = 0;
  for (int i = 0; i < 1000; ++i) {
    const base::Instant now = base::Instant() + milliseconds(i);
    taken += knocks.take(stranger(1), address(1), now) ? 1 : 0;
    if (i % 500 == 250) {
      EXPECT_TRUE(knocks.take(stranger(2), address(1, 9), now));
    }
  }
  EXPECT_LE(taken, 4);
}

TEST(KnocksTest, OnePlaceWithManyIdentitiesLeavesRoomForOthers) {
  Knocks knocks;
  int taken = 0;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    taken += knocks.take(stranger(i), address(1, static_cast<std::uint8_t>(i)), {}) ? 1 : 0;
  }
  EXPECT_EQ(taken, 30);
  EXPECT_TRUE(knocks.take(stranger(2000), address(2), {}));
}

TEST(KnocksTest, AllTogetherHaveABound) {
  Knocks knocks;
  int taken = 0;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    taken += knocks.take(stranger(i), address(static_cast<std::uint8_t>(i)), {}) ? 1 : 0;
  }
  EXPECT_EQ(taken, 200);
  EXPECT_TRUE(knocks.take(stranger(1), address(1), base::Instant() + seconds(1)));
}

TEST(KnocksTest, WhatIsRememberedIsBounded) {
  Knocks knocks;
  for (std::uint32_t i = 0; i < 5000; ++i) {
    static_cast<void>(knocks.take(stranger(i), address(static_cast<std::uint8_t>(i)), {}));
  }
  EXPECT_LE(knocks.remembered(), 2 * Knocks::remembered_max);
}

}  // namespace
}  // namespace kernel
