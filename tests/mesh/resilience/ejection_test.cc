#include "mesh/resilience/ejection.h"

#include <gtest/gtest.h>

#include <chrono>

namespace mesh::resilience {
namespace {

using std::chrono::seconds;

class EjectionTest : public testing::Test {
 protected:
  void pass(base::Duration time) { now = now + time; }

  base::Instant now = base::Instant::from_nanoseconds(0) + seconds(100);
  OutlierPolicy policy{.ejected_for = seconds(10)};
  Ejection ejection;
};

TEST_F(EjectionTest, IsNotEjectedAtFirst) {
  EXPECT_FALSE(ejection.is_ejected(now));
  EXPECT_FALSE(ejection.wants_probe(now));
}

TEST_F(EjectionTest, WantsAProbeOnceItsTimeIsOver) {
  ejection.eject(policy, now);
  pass(seconds(9));
  EXPECT_TRUE(ejection.is_ejected(now));
  EXPECT_FALSE(ejection.wants_probe(now));
  pass(seconds(1));
  EXPECT_TRUE(ejection.is_ejected(now));
  EXPECT_TRUE(ejection.wants_probe(now));
}

TEST_F(EjectionTest, AGoodProbeTakesItBack) {
  ejection.eject(policy, now);
  pass(seconds(10));
  ejection.clear(now);
  EXPECT_FALSE(ejection.is_ejected(now));
}

TEST_F(EjectionTest, ABadProbeEjectsItForLonger) {
  ejection.eject(policy, now);
  pass(seconds(10));
  ejection.eject(policy, now);
  pass(seconds(19));
  EXPECT_FALSE(ejection.wants_probe(now));
  pass(seconds(1));
  EXPECT_TRUE(ejection.wants_probe(now));
}

TEST_F(EjectionTest, IsTakenBackUnprobedAfterAsLongAgain) {
  ejection.eject(policy, now);
  pass(seconds(20));
  EXPECT_FALSE(ejection.is_ejected(now));
}

TEST_F(EjectionTest, EjectingTwiceChangesNothing) {
  ejection.eject(policy, now);
  pass(seconds(5));
  ejection.eject(policy, now);
  EXPECT_EQ(ejection.times(), 1U);
  pass(seconds(5));
  EXPECT_TRUE(ejection.wants_probe(now));
}

TEST_F(EjectionTest, LastsLongerEachTimeUpToTenTimes) {
  for (int i = 0; i < 15; ++i) {
    ejection.eject(policy, now);
    now = ejection.until();
  }
  EXPECT_EQ(ejection.times(), Ejection::times_max);
  ejection.eject(policy, now);
  EXPECT_EQ(ejection.until() - now, base::Duration(seconds(100)));
}

TEST_F(EjectionTest, ForgivesOneForEachPeriodThatItWasWell) {
  for (int i = 0; i < 3; ++i) {
    ejection.eject(policy, now);
    now = ejection.until();
  }
  ejection.clear(now);
  pass(seconds(25));
  ejection.eject(policy, now);
  EXPECT_EQ(ejection.times(), 2U);
}

TEST_F(EjectionTest, BearsAnyPeriod) {
  policy.ejected_for = base::Duration::max();
  ejection.eject(policy, now);
  EXPECT_TRUE(ejection.is_ejected(now));
  policy.ejected_for = {};
  Ejection other;
  other.eject(policy, now);
  EXPECT_TRUE(other.is_ejected(now));
}

}  // namespace
}  // namespace mesh::resilience
