#include "mesh/resilience/outliers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace mesh::resilience {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::size_t> outliers(const std::vector<std::int64_t>& latencies_ms,
                                  const OutlierPolicy& policy = {}) {
  std::vector<base::Duration> latencies;
  for (const std::int64_t count : latencies_ms) latencies.push_back(milliseconds(count));
  return slow_outliers(latencies, policy);
}

TEST(SlowOutliersTest, FindsWhoIsSlowerThanSoManyTimesTheMedian) {
  EXPECT_THAT(outliers({100, 110, 90, 100, 1'000}), ElementsAre(4));
  EXPECT_THAT(outliers({100, 110, 90, 100, 301}), ElementsAre(4));
  EXPECT_THAT(outliers({100, 110, 90, 100, 300}), IsEmpty());
}

TEST(SlowOutliersTest, NamesTheSlowestFirstAndOfEqualsTheFirst) {
  EXPECT_THAT(outliers({1'000, 100, 3'000, 100, 1'000, 100, 100, 100}), ElementsAre(2, 0, 4));
}

TEST(SlowOutliersTest, TellsTwoAgentsApart) {
  EXPECT_THAT(outliers({100, 1'000}), ElementsAre(1));
  EXPECT_THAT(outliers({1'000, 100}), ElementsAre(0));
  EXPECT_THAT(outliers({100, 250}), IsEmpty());
}

TEST(SlowOutliersTest, SeesNothingWithFewerThanTwoKnown) {
  EXPECT_THAT(outliers({}), IsEmpty());
  EXPECT_THAT(outliers({1'000}), IsEmpty());
  EXPECT_THAT(outliers({0, 1'000, 0}), IsEmpty());
}

TEST(SlowOutliersTest, LeavesTheUnknownOutOfTheMedian) {
  EXPECT_THAT(outliers({0, 0, 0, 0, 100, 1'000}), ElementsAre(5));
}

TEST(SlowOutliersTest, TakesNoMoreThanTheShareOfAll) {
  OutlierPolicy policy;
  policy.share_max = 0.2;
  const std::vector<std::int64_t> latencies{10, 10, 10, 10, 10, 10, 100, 300, 200, 400};
  EXPECT_THAT(outliers(latencies, policy), ElementsAre(9, 7));
  policy.share_max = 0.29;
  EXPECT_THAT(outliers(latencies, policy), ElementsAre(9, 7));
  policy.share_max = 0.3;
  EXPECT_THAT(outliers(latencies, policy), ElementsAre(9, 7, 8));
  policy.share_max = 1;
  EXPECT_THAT(outliers(latencies, policy), ElementsAre(9, 7, 8, 6));
}

TEST(SlowOutliersTest, CountsASharePreciselyInSpiteOfRounding) {
  OutlierPolicy policy;
  policy.share_max = 0.29;
  std::vector<std::int64_t> latencies(100, 10);
  for (std::size_t i = 0; i < 40; ++i) latencies[i] = 1'000;
  EXPECT_EQ(outliers(latencies, policy).size(), 29U);
}

TEST(SlowOutliersTest, MayAlwaysTakeOneButNeverAll) {
  OutlierPolicy policy;
  policy.share_max = 0;
  EXPECT_THAT(outliers({100, 1'000}, policy), ElementsAre(1));
  policy.share_max = 1;
  policy.slower_than = 0.5;
  EXPECT_THAT(outliers({100, 100, 100}, policy), ElementsAre(0, 1));
}

TEST(SlowOutliersTest, SeesNothingWhenNotEnabled) {
  OutlierPolicy policy;
  policy.enabled = false;
  EXPECT_THAT(outliers({100, 100, 10'000}, policy), IsEmpty());
}

TEST(SlowOutliersTest, FindsAQuarterOfAFleetThatIsTenTimesSlower) {
  for (const std::size_t agents : {50U, 100U, 1'000U}) {
    std::vector<std::int64_t> latencies(agents, 1'500);
    for (std::size_t i = 0; i < agents * 26 / 100; ++i) latencies[i * 3] = 15'000;
    const auto found = outliers(latencies);
    EXPECT_EQ(found.size(), agents * 26 / 100);
    for (const std::size_t index : found) EXPECT_EQ(index % 3, 0U);
  }
}

}  // namespace
}  // namespace mesh::resilience
