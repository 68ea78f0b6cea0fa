#include "mesh/routing/measures.h"

#include "tests/mesh/data_plane_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mesh::routing {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

class MeasuresTest : public testing::Test {
 protected:
  struct Agent {
    Catalogue::Entry entry;
    Capability capability;
    Standing standing;
    Catalogue::Offer offer;
  };

  Agent& agent(std::uint8_t number, Proficiency proficiency = Proficiency::competent,
               std::int64_t cost = 0) {
    Agent& out = *agents_.emplace_back(std::make_unique<Agent>());
    out.entry.node = node_of(number);
    out.capability.proficiency = proficiency;
    out.capability.cost_micros = cost;
    out.offer = {.entry = &out.entry,
                 .capability = &out.capability,
                 .standing = &out.standing,
                 .check = nullptr};
    best.push_back({.offer = &out.offer, .local = false});
    return out;
  }
  void judge(Agent& agent, double quality, int times) {
    for (int i = 0; i < times; ++i) {
      agent.standing.score.on_sample({.result = score::Result::success,
                                      .took = milliseconds(1),
                                      .difficulty = score::Difficulty::medium,
                                      .seen_quality = quality,
                                      .claimed_quality = std::nullopt},
                                     now);
    }
  }
  static std::vector<base::NodeId> nodes_of(const std::vector<Candidate>& candidates) {
    std::vector<base::NodeId> out;
    for (const Candidate& candidate : candidates) out.push_back(candidate.offer->entry->node);
    return out;
  }

  const base::Instant now = base::Instant::from_nanoseconds(0) + std::chrono::hours(1);
  std::vector<Candidate> best;
  OwnAgent own;

 private:
  std::vector<std::unique_ptr<Agent>> agents_;
};

TEST_F(MeasuresTest, QualityTakesTheBestTierThatAnybodyReaches) {
  judge(agent(1), 0.96, 20);
  judge(agent(2), 0.91, 20);
  judge(agent(3), 0.65, 20);
  const QualityTiers tiers{.prefer = 0.95, .accept = 0.90, .never_below = 0.70};
  EXPECT_THAT(nodes_of(of_best_tier(best, tiers)), ElementsAre(node_of(1)));
  best.erase(best.begin());
  EXPECT_THAT(nodes_of(of_best_tier(best, tiers)), ElementsAre(node_of(2)));
}

TEST_F(MeasuresTest, WhatAnExpertFailedAtGoesToAnotherExpert) {
  agent(1, Proficiency::novice);
  agent(2, Proficiency::competent);
  agent(3, Proficiency::expert);
  EXPECT_THAT(nodes_of(above(best, Proficiency::novice)), ElementsAre(node_of(2), node_of(3)));
  EXPECT_THAT(nodes_of(above(best, Proficiency::expert)), ElementsAre(node_of(3)));
  best.pop_back();
  EXPECT_THAT(nodes_of(above(best, Proficiency::expert)), ElementsAre(node_of(2)));
  best.clear();
  EXPECT_TRUE(above(best, Proficiency::expert).empty());
}

TEST_F(MeasuresTest, WhoWasJudgedTooSeldomIsGivenAChanceInTheBestTier) {
  judge(agent(1), 0.96, 20);
  judge(agent(2), 0.50, 2);
  EXPECT_THAT(nodes_of(of_best_tier(best, {})), ElementsAre(node_of(1), node_of(2)));
}

TEST_F(MeasuresTest, CostTakesACheapNoviceForWhatIsSimpleAndAnExpertForWhatIsHard) {
  agent(1, Proficiency::novice, 500);
  agent(2, Proficiency::expert, 1'000);
  EXPECT_THAT(nodes_of(cheapest(best, 0.1)), ElementsAre(node_of(1)));
  EXPECT_THAT(nodes_of(cheapest(best, 0.9)), ElementsAre(node_of(2)));
}

TEST_F(MeasuresTest, CostLearnsFromFailuresThatTheCheapOneIsDear) {
  Agent& cheap = agent(1, Proficiency::competent, 900);
  agent(2, Proficiency::expert, 1'000);
  EXPECT_THAT(nodes_of(cheapest(best, std::nullopt)), ElementsAre(node_of(1)));
  for (int i = 0; i < 20; ++i) {
    cheap.standing.score.on_sample({.result = score::Result::quality,
                                    .took = {},
                                    .difficulty = score::Difficulty::medium,
                                    .seen_quality = std::nullopt,
                                    .claimed_quality = std::nullopt},
                                   now);
  }
  EXPECT_THAT(nodes_of(cheapest(best, std::nullopt)), ElementsAre(node_of(2)));
}

TEST_F(MeasuresTest, NearestPrefersTheShortestMeasuredRoundTripAndTheOwnAgent) {
  agent(1).entry.provider.round_trip = milliseconds(9);
  agent(2).entry.provider.round_trip = milliseconds(2);
  agent(3);  // never measured
  EXPECT_EQ(nearest(best).offer->entry->node, node_of(2));
  best[2].local = true;
  EXPECT_EQ(nearest(best).offer->entry->node, node_of(3));
}

TEST_F(MeasuresTest, LatencyComparesPeaksTimesTheCallsBefore) {
  Agent& quick = agent(1);
  Agent& slow = agent(2);
  quick.standing.score.on_sample({.result = score::Result::success,
                                  .took = milliseconds(10),
                                  .difficulty = score::Difficulty::medium,
                                  .seen_quality = std::nullopt,
                                  .claimed_quality = std::nullopt},
                                 now);
  slow.standing.score.on_sample({.result = score::Result::success,
                                 .took = milliseconds(30),
                                 .difficulty = score::Difficulty::medium,
                                 .seen_quality = std::nullopt,
                                 .claimed_quality = std::nullopt},
                                now);
  base::Rng rng(1);
  EXPECT_EQ(by_latency(best, own, rng, now).offer->entry->node, node_of(1));
  quick.entry.reach.outstanding = 5;
  EXPECT_EQ(by_latency(best, own, rng, now).offer->entry->node, node_of(2));
}

TEST_F(MeasuresTest, SimpleRequestsGoToANoviceAndHardOnesToAnExpert) {
  agent(1, Proficiency::expert);
  agent(2, Proficiency::novice);
  agent(3, Proficiency::competent);
  EXPECT_THAT(nodes_of(suited(best, 0.1)), ElementsAre(node_of(2)));
  EXPECT_THAT(nodes_of(suited(best, 0.5)), ElementsAre(node_of(3)));
  EXPECT_THAT(nodes_of(suited(best, 0.9)), ElementsAre(node_of(1)));
  best.erase(best.begin());  // the expert is full: the best of the rest will have to do
  EXPECT_THAT(nodes_of(suited(best, 0.9)), ElementsAre(node_of(3)));
}

}  // namespace
}  // namespace mesh::routing
