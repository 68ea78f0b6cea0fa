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

class EjectionTest : public testing::Test {
 protected:
  // Ejected at once, for how long?
  base::Duration eject() {
    ejection.eject(policy, now);
    return ejection.ejected_until() - now;
  }

  OutlierPolicy policy{.ejected_for = seconds(10)};
  base::Instant now = base::Instant::from_nanoseconds(-7'000'000'000);
  Ejection ejection;
};

TEST_F(EjectionTest, IsNotEjectedAtFirst) {
  EXPECT_FALSE(ejection.ejected(now));
  EXPECT_EQ(ejection.times(), 0U);
}

TEST_F(EjectionTest, EndsByItself) {
  EXPECT_EQ(eject(), seconds(10));
  EXPECT_TRUE(ejection.ejected(now));
  EXPECT_TRUE(ejection.ejected(now + seconds(10) - base::Duration(1)));
  EXPECT_FALSE(ejection.ejected(now + seconds(10)));
}

TEST_F(EjectionTest, EjectingTwiceChangesNothing) {
  eject();
  const base::Instant until = ejection.ejected_until();
  now = now + seconds(9);
  eject();
  EXPECT_EQ(ejection.ejected_until(), until);
  EXPECT_EQ(ejection.times(), 1U);
}

TEST_F(EjectionTest, LastsLongerEachTimeUpToTenTimes) {
  for (std::int64_t i = 1; i <= 14; ++i) {
    EXPECT_EQ(eject(), std::min<std::int64_t>(i, 10) * seconds(10));
    now = ejection.ejected_until() + seconds(9);
  }
  EXPECT_EQ(ejection.times(), 10U);
}

TEST_F(EjectionTest, ForgivesOneForEachPeriodThatItWasWell) {
  for (int i = 0; i < 4; ++i) {
    eject();
    now = ejection.ejected_until();
  }
  now = now + seconds(20);
  EXPECT_EQ(eject(), seconds(30));  // four, less two, and this one
  now = ejection.ejected_until() + hours(1);
  EXPECT_EQ(eject(), seconds(10));
}

TEST_F(EjectionTest, MayBeReadmittedBeforeItsTime) {
  eject();
  now = now + seconds(3);
  ejection.readmit(now);
  EXPECT_FALSE(ejection.ejected(now));
  EXPECT_EQ(ejection.ejected_until(), now);
  now = now + seconds(5);
  ejection.readmit(now);  // nothing to end
  EXPECT_EQ(eject(), seconds(20));
}

TEST_F(EjectionTest, BearsAnyPeriod) {
  policy.ejected_for = base::Duration::max();
  eject();
  EXPECT_TRUE(ejection.ejected(now + hours(200'000)));
  ejection = {};
  policy.ejected_for = base::Duration::zero();
  eject();
  EXPECT_FALSE(ejection.ejected(now + seconds(1)));
}

}  // namespace
}  // namespace mesh::resilience
