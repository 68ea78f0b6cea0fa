#include "mesh/score/observations.h"

#include "base/rng.h"
#include "mesh/score/blend.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <vector>

namespace mesh::score {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

base::NodeId node(std::uint8_t number) {
  base::NodeId id;
  id.bytes.fill(std::byte{number});
  return id;
}

Observation saw(const base::NodeId& subject, double success) {
  return {.subject = subject,
          .samples = 50,
          .success_ppm = static_cast<std::uint32_t>(success * 1'000'000),
          .latency = milliseconds(10)};
}

// ---- blend ----

TEST(BlendTest, TrustsOwnCallsAloneWhileFewerThanThreeOthersSpeak) {
  const Estimate own{.value = 0.9, .samples = 10};
  const std::array<Estimate, 2> others{Estimate{0.1, 1'000}, Estimate{0.1, 1'000}};
  EXPECT_EQ(blend(own, others), own);
  EXPECT_EQ(blend({}, others).samples, 0);
}

TEST(BlendTest, WeighsOthersLikeTwentyOwnCalls) {
  const std::array<Estimate, 3> others{Estimate{0.5, 1}, Estimate{0.5, 1}, Estimate{0.5, 1}};
  EXPECT_DOUBLE_EQ(blend({.value = 1, .samples = 20}, others).value, 0.75);
  EXPECT_DOUBLE_EQ(blend({.value = 1, .samples = 0}, others).value, 0.5);
  EXPECT_DOUBLE_EQ(blend({.value = 1, .samples = 80}, others).value, 0.9);
  EXPECT_DOUBLE_EQ(blend({.value = 1, .samples = 80}, others).samples, 100);
}

TEST(BlendTest, GivesEachOneVoteWhateverSamplesItClaims) {
  const std::array<Estimate, 3> others{Estimate{0.8, 5}, Estimate{0.9, 5}, Estimate{0, 1e9}};
  EXPECT_DOUBLE_EQ(blend({}, others).value, 0.8);
}

TEST(BlendTest, TakesTheMeanOfTheMiddleTwoOfAnEvenNumber) {
  EXPECT_DOUBLE_EQ(*opinion_of({0.1, 0.9, 0.4, 0.6}), 0.5);
}

TEST(BlendTest, IsMovedByFewerLiarsThanHalfNoFurtherThanHonestValues) {
  base::Rng rng(1);
  for (int run = 0; run < 20'000; ++run) {
    const std::uint64_t all = 3 + rng.below(14);
    const std::uint64_t liars = rng.below((all + 1) / 2);  // < all / 2
    std::vector<double> honest;
    std::vector<Estimate> votes;
    for (std::uint64_t i = 0; i < all; ++i) {
      const bool lies = i < liars;
      const double value = static_cast<double>(rng.below(1'000)) / 1'000;
      const double lie = rng.chance(500'000) ? 1e12 : -1e12;
      if (!lies) honest.push_back(value);
      votes.push_back({.value = lies ? lie : value, .samples = 1});
    }
    const double blended = blend({}, votes).value;
    EXPECT_GE(blended, *std::min_element(honest.begin(), honest.end()));
    EXPECT_LE(blended, *std::max_element(honest.begin(), honest.end()));
  }
}

// ---- what others say ----

class ObservationsTest : public testing::Test {
 protected:
  void says(std::uint8_t author, std::vector<Observation> seen) {
    observations.on_report({node(author), "stock", std::move(seen)});
  }

  Observations observations;
};

TEST_F(ObservationsTest, HasNoOpinionOfWhatFewerThanThreeSpeakOf) {
  EXPECT_EQ(observations.of("stock", node(9)), nullptr);
  says(1, {saw(node(9), 0.5)});
  says(2, {saw(node(9), 0.5)});
  ASSERT_NE(observations.of("stock", node(9)), nullptr);
  EXPECT_EQ(*observations.of("stock", node(9)), Opinion{.authors = 2});
  EXPECT_EQ(observations.of("other", node(9)), nullptr);
}

TEST_F(ObservationsTest, TakesTheMedianOfEachKindOfSight) {
  std::uint8_t author = 0;
  for (const double success : {0.9, 0.2, 0.8}) {
    Observation each = saw(node(9), success);
    each.latency = milliseconds(10 * ++author);
    each.quality_ppm = 100'000U * author;
    says(author, {each});
  }
  const Opinion* opinion = observations.of("stock", node(9));
  ASSERT_NE(opinion, nullptr);
  EXPECT_DOUBLE_EQ(*opinion->success, 0.8);
  EXPECT_DOUBLE_EQ(*opinion->quality, 0.2);
  EXPECT_DOUBLE_EQ(*opinion->latency, 20e6);
}

TEST_F(ObservationsTest, WhoTellsNoLatencyTakesNoneOfTheOthersAway) {
  std::uint8_t author = 0;
  for (const int count : {10, 20, 30, 0}) {
    Observation each = saw(node(9), 0.9);
    each.latency = milliseconds(count);
    says(++author, {each});
  }
  EXPECT_DOUBLE_EQ(observations.of("stock", node(9))->latency.value_or(0), 25e6);
  Observation silent = saw(node(9), 0.9);
  silent.latency = {};
  says(2, {silent});
  EXPECT_FALSE(observations.of("stock", node(9))->latency.has_value());  // half of them know none
}

TEST_F(ObservationsTest, CountsAnAuthorsNewestReportOnly) {
  for (std::uint8_t author = 1; author <= 3; ++author) says(author, {saw(node(9), 0.5)});
  for (int i = 0; i < 10; ++i) says(3, {saw(node(9), 0.1)});
  EXPECT_DOUBLE_EQ(*observations.of("stock", node(9))->success, 0.5);
  EXPECT_EQ(observations.reports(), 3U);
  says(3, {});
  EXPECT_FALSE(observations.of("stock", node(9))->success.has_value());
}

TEST_F(ObservationsTest, LetsAnAgentThatPraisesItselfGainNothing) {
  for (std::uint8_t author = 1; author <= 3; ++author) says(author, {saw(node(9), 0.3)});
  const Opinion before = *observations.of("stock", node(9));
  says(9, {saw(node(9), 1.0)});
  EXPECT_EQ(*observations.of("stock", node(9)), before);
}

TEST_F(ObservationsTest, ForgetsAReportThatIsGone) {
  for (std::uint8_t author = 1; author <= 3; ++author) says(author, {saw(node(9), 0.5)});
  observations.on_report_gone(node(2), "stock");
  observations.on_report_gone(node(2), "stock");
  observations.on_report_gone(node(2), "other");
  EXPECT_FALSE(observations.of("stock", node(9))->success.has_value());
  EXPECT_EQ(observations.reports(), 2U);
  observations.on_report_gone(node(1), "stock");
  observations.on_report_gone(node(3), "stock");
  EXPECT_EQ(observations.of("stock", node(9)), nullptr);
}

TEST_F(ObservationsTest, HoldsABoundedNumberOfReports) {
  for (int i = 0; i < 3'000; ++i) {
    observations.on_report({node(1), "c" + std::to_string(i), {saw(node(9), 0.5)}});
  }
  EXPECT_EQ(observations.reports(), Observations::reports_max);
}

// ---- what this node says ----

class OwnObservationsTest : public testing::Test {
 protected:
  void call(Scorecard& scorecard, int times) {
    for (int i = 0; i < times; ++i) scorecard.on_sample({.took = milliseconds(10)}, now);
  }
  [[nodiscard]] std::vector<Observed> own(const std::vector<Observations::Card>& cards) {
    return observations.own(cards, now);
  }

  base::Instant now = base::Instant() + minutes(60);
  Observations observations;
  Scorecard card;
};

TEST_F(OwnObservationsTest, SaysNothingOfWhatWasSeenTooSeldom) {
  call(card, 4);
  EXPECT_EQ(own({{"stock", node(9), card}}), (std::vector<Observed>{{"stock", {}}}));
  call(card, 1);
  const Observation seen{
      .subject = node(9), .samples = 5, .success_ppm = 1'000'000, .latency = milliseconds(10)};
  EXPECT_EQ(own({{"stock", node(9), card}}), (std::vector<Observed>{{"stock", {seen}}}));
}

TEST_F(OwnObservationsTest, PassesNoClaimOn) {
  for (int i = 0; i < 50; ++i) card.on_sample({.claimed_quality = 1.0}, now);
  EXPECT_FALSE(observe(node(9), card, now)->quality_ppm.has_value());
  for (int i = 0; i < 5; ++i) card.on_feedback(0.25, now);
  EXPECT_EQ(observe(node(9), card, now)->quality_ppm, 250'000U);
}

TEST_F(OwnObservationsTest, IsInterestedForAMinuteAfterTheLastCall) {
  EXPECT_TRUE(own({{"stock", node(9), card}}).empty());
  call(card, 1);
  EXPECT_EQ(own({{"stock", node(9), card}}).size(), 1U);
  now = now + seconds(59);
  EXPECT_EQ(own({{"stock", node(9), card}}).size(), 1U);
  now = now + seconds(1);
  EXPECT_TRUE(own({{"stock", node(9), card}}).empty());
  call(card, 1);
  EXPECT_EQ(own({{"stock", node(9), card}}).size(), 1U);
}

TEST_F(OwnObservationsTest, SpeaksOfThoseItKnowsBestIfThereAreMany) {
  std::vector<Scorecard> scorecards(30);
  std::vector<Observations::Card> cards;
  for (std::uint8_t i = 0; i < 30; ++i) {
    call(scorecards[i], i % 2 == 0 ? 10 : 50);
    cards.push_back({"stock", node(i), scorecards[i]});
  }
  const std::vector<Observed> said = own(cards);
  ASSERT_EQ(said.size(), 1U);
  ASSERT_EQ(said.front().observations.size(), Observed::observations_max);
  EXPECT_EQ(said.front().observations[0].subject, node(0));
  EXPECT_EQ(said.front().observations[1].subject, node(1));
  EXPECT_EQ(said.front().observations[2].subject, node(3));
  EXPECT_EQ(said.front().observations[15].subject, node(29));
}

}  // namespace
}  // namespace mesh::score
