#include "crypto/replay_window.h"

#include "base/rng.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace crypto {
namespace {

TEST(ReplayWindowTest, TakesACounterOnce) {
  ReplayWindow window;
  EXPECT_TRUE(window.fresh({1, 5}));
  window.commit({1, 5});
  EXPECT_FALSE(window.fresh({1, 5}));
}

TEST(ReplayWindowTest, AskingChangesNothing) {
  ReplayWindow window;
  window.commit({1, 5});
  EXPECT_TRUE(window.fresh({1, 1'000'000}));
  EXPECT_TRUE(window.fresh({9, 1}));
  EXPECT_TRUE(window.fresh({1, 6}));
}

TEST(ReplayWindowTest, TakesLateOnesWithinItsWidthOnly) {
  ReplayWindow window;
  window.commit({1, 5'000});
  EXPECT_TRUE(window.fresh({1, 5'000 - ReplayWindow::width + 1}));
  EXPECT_FALSE(window.fresh({1, 5'000 - ReplayWindow::width}));
}

TEST(ReplayWindowTest, RefusesAnOlderEpochForGood) {
  ReplayWindow window;
  window.commit({3, 1});
  EXPECT_FALSE(window.fresh({2, 99}));
  window.commit({4, 1});
  EXPECT_FALSE(window.fresh({3, 2}));
  EXPECT_TRUE(window.fresh({4, 2}));
}

TEST(ReplayWindowTest, NewEpochBeginsWithACleanBitmap) {
  ReplayWindow window;
  for (std::uint64_t c = 1; c <= 100; ++c) window.commit({1, c});
  window.commit({2, 50});
  EXPECT_TRUE(window.fresh({2, 49}));
  EXPECT_FALSE(window.fresh({2, 50}));
}

TEST(ReplayWindowTest, AgreesWithASetOfEverythingSeen) {
  base::Rng rng(1);
  ReplayWindow window;
  std::set<std::uint64_t> seen;
  std::uint64_t highest = 0;
  for (int i = 0; i < 200'000; ++i) {
    const std::uint64_t around = rng.chance(5'000) ? 5'000 : 1'500;
    const std::uint64_t counter =
        highest < 1'200 ? rng.below(3'000) : highest - 1'200 + rng.below(around);
    const bool too_old = highest >= ReplayWindow::width && counter <= highest - ReplayWindow::width;
    const bool expected = !too_old && !seen.contains(counter);
    ASSERT_EQ(window.fresh({1, counter}), expected) << counter << " after " << highest;
    if (!expected) continue;
    window.commit({1, counter});
    seen.insert(counter);
    highest = std::max(highest, counter);
  }
  EXPECT_GT(seen.size(), 10'000U);
}

}  // namespace
}  // namespace crypto
