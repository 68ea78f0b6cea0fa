#include "mesh/score/scorecard.h"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>

namespace mesh::score {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class ScorecardTest : public testing::Test {
 protected:
  void answers(int count, base::Duration took) {
    for (int i = 0; i < count; ++i) card.on_sample({.took = took}, now);
  }
  void fails(int count, Result result) {
    for (int i = 0; i < count; ++i) card.on_sample({.result = result}, now);
  }
  void checks(int count, double quality) {
    for (int i = 0; i < count; ++i) card.on_sample({.seen_quality = quality}, now);
  }
  void claims(int count, double quality) {
    for (int i = 0; i < count; ++i) card.on_sample({.claimed_quality = quality}, now);
  }

  base::Instant now = base::Instant() + minutes(60);
  Scorecard card;
};

TEST_F(ScorecardTest, KnowsNothingBeforeTheFirstCall) {
  EXPECT_EQ(card.success().samples, 0);
  EXPECT_EQ(card.quality().samples, 0);
  EXPECT_EQ(card.peak_latency(now), base::Duration::zero());
  EXPECT_EQ(card.mean_latency(), base::Duration::zero());
  EXPECT_FALSE(card.quantile(0.5, now).has_value());
  EXPECT_EQ(card.calls(), 0U);
}

TEST_F(ScorecardTest, TakesTheFirstSamplesAlike) {
  fails(1, Result::transport);
  answers(3, milliseconds(10));
  EXPECT_DOUBLE_EQ(card.success().value, 0.75);
  EXPECT_DOUBLE_EQ(card.success().samples, 4);
  EXPECT_EQ(card.calls(), 4U);
}

TEST_F(ScorecardTest, LetsTheNewestHundredDecideOfMany) {
  answers(10'000, milliseconds(10));
  EXPECT_DOUBLE_EQ(card.success().samples, 100);
  fails(230, Result::protocol);
  EXPECT_NEAR(card.success().value, 0.1, 0.005);
}

TEST_F(ScorecardTest, CountsEveryKindOfFailureAgainstSuccess) {
  for (const Result result :
       {Result::transport, Result::protocol, Result::application, Result::quality}) {
    Scorecard each;
    each.on_sample({.result = result}, now);
    EXPECT_EQ(each.success().value, 0) << to_string(result);
  }
}

TEST_F(ScorecardTest, KeepsSuccessForEachDifficulty) {
  card.on_sample({.difficulty = difficulty_of(0.1)}, now);
  card.on_sample({.result = Result::quality, .difficulty = difficulty_of(0.9)}, now);
  EXPECT_EQ(card.success(Difficulty::simple).value, 1);
  EXPECT_EQ(card.success(Difficulty::medium).samples, 0);
  EXPECT_EQ(card.success(Difficulty::hard).value, 0);
  EXPECT_DOUBLE_EQ(card.success().value, 0.5);
}

TEST_F(ScorecardTest, TrustsItsSamplesHalfAsMuchAfterEachFiveMinutesOfSilence) {
  answers(40, milliseconds(10));
  EXPECT_DOUBLE_EQ(card.success_at(now + minutes(4)).samples, 40);
  EXPECT_DOUBLE_EQ(card.success_at(now + minutes(5)).samples, 20);
  now = now + minutes(11);
  EXPECT_DOUBLE_EQ(card.success_at(now).samples, 10);
  fails(1, Result::transport);
  EXPECT_DOUBLE_EQ(card.success().samples, 11);
  EXPECT_NEAR(card.success().value, 10.0 / 11, 1e-9);
}

TEST_F(ScorecardTest, BelievesAClaimOnlyWhileNothingWasSeen) {
  claims(50, 1.0);
  EXPECT_DOUBLE_EQ(card.quality().value, 1.0);
  EXPECT_EQ(card.seen_quality_at(now).samples, 0);
  checks(4, 0.5);
  EXPECT_DOUBLE_EQ(card.quality().value, 0.5);
  EXPECT_DOUBLE_EQ(card.quality().samples, 4);
  claims(1000, 1.0);
  EXPECT_DOUBLE_EQ(card.quality().value, 0.5);
}

TEST_F(ScorecardTest, LetsAModestClaimLowerWhatWasSeen) {
  checks(10, 1.0);
  claims(10, 0.6);
  EXPECT_DOUBLE_EQ(card.quality().value, 0.8);
  EXPECT_DOUBLE_EQ(card.seen_quality_at(now).value, 1.0);
}

TEST_F(ScorecardTest, TakesAnAnswerOfPoorQualityForEvidenceAgainstIt) {
  fails(1, Result::quality);
  card.on_sample({.result = Result::quality, .seen_quality = 0.4}, now);
  EXPECT_DOUBLE_EQ(card.quality().value, 0.2);
}

TEST_F(ScorecardTest, JudgesNoQualityWhereThereIsNoAnswerToJudge) {
  for (const Result result : {Result::transport, Result::protocol, Result::application}) {
    card.on_sample({.result = result, .seen_quality = 0, .claimed_quality = 0}, now);
  }
  EXPECT_EQ(card.quality().samples, 0);
}

TEST_F(ScorecardTest, CountsFeedbackLikeAChecksVerdict) {
  checks(1, 1.0);
  card.on_feedback(0.5, now);
  EXPECT_DOUBLE_EQ(card.quality().value, 0.75);
  EXPECT_EQ(card.calls(), 1U);
}

TEST_F(ScorecardTest, KeepsQualityBetweenZeroAndOne) {
  card.on_feedback(1e9, now);
  card.on_feedback(-5, now);
  card.on_feedback(std::numeric_limits<double>::quiet_NaN(), now);
  EXPECT_DOUBLE_EQ(card.quality().value, 0.5);
}

TEST_F(ScorecardTest, JumpsToAHigherLatencyAtOnceAndForgetsItWithTime) {
  answers(1, milliseconds(10));
  answers(1, milliseconds(500));
  EXPECT_EQ(card.peak_latency(now), milliseconds(500));
  answers(1, milliseconds(10));
  EXPECT_EQ(card.peak_latency(now), milliseconds(500));
  now = now + seconds(10);
  EXPECT_NEAR(static_cast<double>(card.peak_latency(now).count()), 500e6 / 2.718281828, 1e3);
  answers(1, milliseconds(10));
  EXPECT_NEAR(static_cast<double>(card.peak_latency(now).count()), 190.26e6, 1e5);
  EXPECT_EQ(card.peak_latency(now + minutes(10)), base::Duration::zero());
}

TEST_F(ScorecardTest, RaisesThePeakByAnAttemptThatHasNoAnswerYet) {
  answers(1, milliseconds(100));
  card.on_at_least(milliseconds(50), now);
  EXPECT_EQ(card.peak_latency(now), milliseconds(100));
  card.on_at_least(milliseconds(300), now);
  EXPECT_EQ(card.peak_latency(now), milliseconds(300));
  EXPECT_EQ(card.mean_latency(), milliseconds(100));
}

TEST_F(ScorecardTest, DoesNotTakeAQuickRefusalForASpeedyAnswer) {
  answers(10, milliseconds(100));
  now = now + seconds(1);
  const base::Duration before = card.peak_latency(now);
  card.on_sample({.result = Result::protocol, .took = milliseconds(1)}, now);
  EXPECT_EQ(card.peak_latency(now), before);
  EXPECT_EQ(card.mean_latency(), milliseconds(100));
  card.on_sample({.result = Result::transport, .took = seconds(2)}, now);
  EXPECT_EQ(card.peak_latency(now), seconds(2));
}

TEST_F(ScorecardTest, GivesQuantilesOnlyFromTenSamplesOn) {
  answers(9, milliseconds(10));
  EXPECT_FALSE(card.quantile(0.95, now).has_value());
  answers(1, milliseconds(10));
  EXPECT_TRUE(card.quantile(0.95, now).has_value());
}

TEST_F(ScorecardTest, IsOffByLessThanAFifthInAQuantile) {
  for (int i = 1; i <= 1000; ++i) answers(1, milliseconds(i));
  for (const double share : {0.05, 0.5, 0.9, 0.95, 0.99}) {
    const auto quantile = card.quantile(share, now);
    ASSERT_TRUE(quantile.has_value());
    const double ratio = static_cast<double>(quantile->count()) / (share * 1e9);
    EXPECT_GT(ratio, 1 / 1.2) << share;
    EXPECT_LT(ratio, 1.2) << share;
  }
}

TEST_F(ScorecardTest, ForgetsSamplesOfAQuantileAfterAMinute) {
  answers(20, seconds(1));
  now = now + seconds(30);
  EXPECT_GT(card.quantile(0.5, now), milliseconds(800));
  answers(20, milliseconds(10));
  EXPECT_GT(card.quantile(0.9, now), milliseconds(800));
  now = now + seconds(30);
  EXPECT_LT(card.quantile(0.9, now), milliseconds(20));
  now = now + seconds(30);
  EXPECT_FALSE(card.quantile(0.9, now).has_value());
  answers(10, seconds(3));
  EXPECT_GT(card.quantile(0.01, now), seconds(2));
}

TEST_F(ScorecardTest, PutsLatenciesBeyondItsBucketsIntoTheOutermost) {
  answers(10, base::Duration(1));
  EXPECT_EQ(card.quantile(0.5, now), std::chrono::microseconds(100));
  answers(1000, std::chrono::hours(100));
  EXPECT_GT(card.quantile(0.5, now), minutes(10));
}

TEST_F(ScorecardTest, IsSmallUntilItIsUsed) {
  EXPECT_LE(sizeof(Scorecard), 256U);
}

}  // namespace
}  // namespace mesh::score
