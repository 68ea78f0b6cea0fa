#include "gossip/rings.h"

#include "tests/gossip/id_of.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace gossip {
namespace {

Rings rings_of(int count) {
  Rings rings(10, base::MeshId());
  for (int i = 0; i < count; ++i) rings.add(id_of(i));
  return rings;
}

TEST(RingsTest, EveryMemberHasAsManyDistinctMonitorsAsThereCanBe) {
  for (const int count : {1, 2, 3, 5, 11, 40}) {
    const Rings rings = rings_of(count);
    for (int i = 0; i < count; ++i) {
      const auto monitors = rings.monitors(id_of(i));
      const std::set<base::NodeId> distinct(monitors.begin(), monitors.end());
      EXPECT_EQ(distinct.size(), static_cast<std::size_t>(std::min(10, count - 1)));
      EXPECT_EQ(monitors.size(), distinct.size());
      EXPECT_FALSE(distinct.contains(id_of(i)));
    }
  }
}

TEST(RingsTest, WhomANodeProbesOnARingItMayAccuse) {
  const Rings rings = rings_of(50);
  for (int i = 0; i < 50; ++i) {
    for (std::uint64_t ring = 0; ring < 10; ++ring) {
      EXPECT_TRUE(rings.is_monitor(id_of(i), *rings.successor(id_of(i), ring)));
    }
  }
}

TEST(RingsTest, ARoundProbesEverybodyOnce) {
  const Rings rings = rings_of(50);
  for (const std::size_t steps : {1U, 7U, 49U, 5000U}) {
    std::set<base::NodeId> probed;
    for (int i = 0; i < 50; ++i) probed.insert(*rings.successor(id_of(i), 3, steps));
    EXPECT_EQ(probed.size(), 50U);
  }
}

TEST(RingsTest, TheOrderOfArrivalLeavesNoTrace) {
  Rings forward = rings_of(30);
  Rings backward(10, base::MeshId());
  for (int i = 39; i >= 0; --i) backward.add(id_of(i));
  for (int i = 30; i < 40; ++i) EXPECT_TRUE(backward.remove(id_of(i)));
  for (int i = 0; i < 45; ++i) EXPECT_EQ(forward.monitors(id_of(i)), backward.monitors(id_of(i)));
}

TEST(RingsTest, ADepartureMovesOnlyThePlaceThatItLeaves) {
  Rings rings = rings_of(60);
  std::map<int, std::vector<base::NodeId>> before;
  for (int i = 1; i < 60; ++i) before[i] = rings.monitors(id_of(i));
  rings.remove(id_of(0));
  for (int i = 1; i < 60; ++i) {
    const auto& old = before[i];
    if (std::find(old.begin(), old.end(), id_of(0)) != old.end()) continue;
    EXPECT_EQ(rings.monitors(id_of(i)), old);
  }
}

TEST(RingsTest, AddingTwiceOrRemovingAStrangerChangesNothing) {
  Rings rings = rings_of(4);
  const auto generation = rings.generation();
  EXPECT_FALSE(rings.add(id_of(2)));
  EXPECT_FALSE(rings.remove(id_of(9)));
  EXPECT_EQ(rings.generation(), generation);
  EXPECT_EQ(rings.size(), 4U);
}

TEST(RingsTest, ToleratesAThirdOfTheMonitorsButOne) {
  EXPECT_EQ(tolerated_liars(1), 0U);
  EXPECT_EQ(tolerated_liars(2), 0U);
  EXPECT_EQ(tolerated_liars(3), 0U);
  EXPECT_EQ(tolerated_liars(4), 1U);
  EXPECT_EQ(tolerated_liars(7), 2U);
  EXPECT_EQ(tolerated_liars(10), 3U);
}

}  // namespace
}  // namespace gossip
