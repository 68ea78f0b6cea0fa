#include "mesh/standing.h"

#include <gtest/gtest.h>

namespace mesh {
namespace {

TEST(StandingTest, PutsOwnCallsAndTheOpinionOfOthersTogether) {
  Standing standing;
  for (int i = 0; i < 20; ++i) standing.score.on_sample({.seen_quality = 1.0}, {});
  standing.opinion = {.authors = 3, .success = 0.5, .quality = 0.6};
  EXPECT_DOUBLE_EQ(standing.success().value, 0.75);
  EXPECT_DOUBLE_EQ(standing.quality().value, 0.8);
}

TEST(StandingTest, LetsAClaimOutrankNothingThatOthersSaw) {
  Standing standing;
  for (int i = 0; i < 200; ++i) standing.score.on_sample({.claimed_quality = 1.0}, {});
  EXPECT_DOUBLE_EQ(standing.quality().value, 1);
  standing.opinion = {.authors = 3, .quality = 0.6};
  EXPECT_DOUBLE_EQ(standing.quality().value, 0.6);
  standing.opinion = {.authors = 3, .quality = 1.0};
  for (int i = 0; i < 2000; ++i) standing.score.on_sample({.claimed_quality = 0.7}, {});
  EXPECT_NEAR(standing.quality().value, 0.7, 0.01);
}

}  // namespace
}  // namespace mesh
