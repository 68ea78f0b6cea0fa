#include "gossip/seeds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace gossip {
namespace {

using namespace std::chrono_literals;

class SeedsTest : public testing::Test {
 protected:
  SeedsTest() { seeds.add(seed, now); }

  // Goes to the next time at which something is due. True if the seed is asked then.
  bool comes_due() {
    now = seeds.next_deadline();
    return seeds.due(view, now) == std::vector{seed};
  }

  const base::Endpoint seed = base::Endpoint::v4({10, 0, 0, 1}, 7400);
  base::NodeId self;
  Options options;
  View view{options, base::MeshId(), self};
  Seeds seeds{options, self, base::Endpoint::v4({10, 0, 0, 2}, 7400)};
  base::Instant now = base::Instant::from_nanoseconds(100'000'000'000);
};

TEST_F(SeedsTest, AreAskedForEverWithGrowingGaps) {
  ASSERT_TRUE(comes_due());
  std::vector<base::Duration> gaps;
  for (int i = 0; i < 8; ++i) {
    const base::Instant asked = now;
    seeds.on_failed(seed, now);
    ASSERT_TRUE(comes_due());
    gaps.push_back(now - asked);
  }
  EXPECT_THAT(gaps, testing::ElementsAre(1s, 2s, 4s, 8s, 16s, 30s, 30s, 30s));
}

TEST_F(SeedsTest, TellOfASilentOneAtOnceAndThenEverMoreRarely) {
  std::vector<int> told;
  for (int failure = 1; failure <= 100; ++failure) {
    ASSERT_TRUE(comes_due());
    if (seeds.on_failed(seed, now)) told.push_back(failure);
  }
  EXPECT_THAT(told, testing::ElementsAre(1, 4, 16, 64));
}

TEST_F(SeedsTest, AreNotAskedAgainBecauseTheirNameWasLookedUpAgain) {
  ASSERT_TRUE(comes_due());
  seeds.on_answer(seed, self, now);
  const base::Instant next = seeds.next_deadline();
  for (int i = 0; i < 3; ++i) {
    now = now + 1s;
    seeds.add(seed, now);
    EXPECT_TRUE(seeds.due(view, now).empty());
    EXPECT_EQ(seeds.next_deadline(), next);
  }
  seeds.retry(seed, now);
  EXPECT_EQ(seeds.due(view, now), std::vector{seed}) << "the operator said so";
}

TEST_F(SeedsTest, ASilentOneMakesRoomForANewAddress) {
  ASSERT_TRUE(comes_due());
  seeds.on_failed(seed, now);
  for (std::uint16_t port = 1; port <= 64; ++port) {
    seeds.add(base::Endpoint::v4({10, 0, 0, 3}, port), now);
  }
  EXPECT_EQ(seeds.due(view, now).size(), 64U);
  EXPECT_FALSE(seeds.on_failed(seed, now)) << "it is no seed any more";
}

}  // namespace
}  // namespace gossip
