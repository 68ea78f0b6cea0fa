#include "mesh/resilience/backoff.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <limits>

namespace mesh::resilience {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

Backoff growing(Jitter jitter) {
  return {.type = BackoffType::exponential,
          .base = milliseconds(25),
          .max = milliseconds(1'000),
          .jitter = jitter};
}

TEST(BackoffTest, DoublesUntilItsBound) {
  base::Rng rng(1);
  const Backoff policy = growing(Jitter::none);
  EXPECT_EQ(backoff_before(policy, 1, rng), milliseconds(25));
  EXPECT_EQ(backoff_before(policy, 2, rng), milliseconds(50));
  EXPECT_EQ(backoff_before(policy, 3, rng), milliseconds(100));
  EXPECT_EQ(backoff_before(policy, 6, rng), milliseconds(800));
  EXPECT_EQ(backoff_before(policy, 7, rng), milliseconds(1'000));
  EXPECT_EQ(backoff_before(policy, 8, rng), milliseconds(1'000));
}

TEST(BackoffTest, NeverOverflows) {
  base::Rng rng(1);
  for (const base::Duration base : {base::Duration(1), base::Duration(hours(1'000'000))}) {
    const Backoff policy{.type = BackoffType::exponential,
                         .base = base,
                         .max = base::Duration::max(),
                         .jitter = Jitter::none};
    base::Duration last{};
    for (std::uint32_t retry = 1; retry < 200; ++retry) {
      const base::Duration now = backoff_before(policy, retry, rng);
      EXPECT_GE(now, last);
      last = now;
    }
    EXPECT_EQ(backoff_before(policy, std::numeric_limits<std::uint32_t>::max(), rng), last);
    EXPECT_GE(last, base::Duration::max() / 2);
  }
  Backoff policy = growing(Jitter::full);
  policy.max = base::Duration::max();
  EXPECT_GE(backoff_before(policy, 4'000'000'000U, rng), base::Duration::zero());
}

TEST(BackoffTest, ABaseAboveTheBoundIsTheBound) {
  base::Rng rng(1);
  Backoff policy = growing(Jitter::none);
  policy.base = milliseconds(5'000);
  EXPECT_EQ(backoff_before(policy, 1, rng), milliseconds(1'000));
}

TEST(BackoffTest, StaysTheSameWhenConstant) {
  base::Rng rng(1);
  Backoff policy = growing(Jitter::none);
  policy.type = BackoffType::constant;
  policy.base = milliseconds(5'000);
  EXPECT_EQ(backoff_before(policy, 1, rng), milliseconds(5'000));
  EXPECT_EQ(backoff_before(policy, 30, rng), milliseconds(5'000));
}

TEST(BackoffTest, IsNothingWhenThereIsNone) {
  base::Rng rng(1);
  Backoff policy = growing(Jitter::full);
  policy.type = BackoffType::none;
  EXPECT_EQ(backoff_before(policy, 1, rng), milliseconds(0));
  policy = growing(Jitter::equal);
  policy.base = base::Duration::zero();
  EXPECT_EQ(backoff_before(policy, 9, rng), milliseconds(0));
}

struct Spread {
  base::Duration least = base::Duration::max();
  base::Duration most{};
  base::Duration mean{};
};
Spread spread_of(const Backoff& policy, std::uint32_t retry) {
  base::Rng rng(3);
  Spread out;
  for (int i = 0; i < 10'000; ++i) {
    const base::Duration drawn = backoff_before(policy, retry, rng);
    out.least = std::min(out.least, drawn);
    out.most = std::max(out.most, drawn);
    out.mean += drawn / 10'000;
  }
  return out;
}

TEST(BackoffTest, FullJitterTakesAnyPart) {
  const Spread spread = spread_of(growing(Jitter::full), 3);  // of 100 ms
  EXPECT_LT(spread.least, milliseconds(1));
  EXPECT_GT(spread.most, milliseconds(99));
  EXPECT_LE(spread.most, milliseconds(100));
  EXPECT_NEAR(static_cast<double>(spread.mean.count()), 50e6, 1e6);
}

TEST(BackoffTest, EqualJitterTakesAtLeastHalf) {
  const Spread spread = spread_of(growing(Jitter::equal), 3);
  EXPECT_GE(spread.least, milliseconds(50));
  EXPECT_LT(spread.least, milliseconds(51));
  EXPECT_GT(spread.most, milliseconds(99));
  EXPECT_LE(spread.most, milliseconds(100));
  EXPECT_NEAR(static_cast<double>(spread.mean.count()), 75e6, 1e6);
}

TEST(BackoffTest, IsTheSameForTheSameSeed) {
  base::Rng one(11);
  base::Rng other(11);
  const Backoff policy = growing(Jitter::full);
  for (std::uint32_t retry = 1; retry < 20; ++retry) {
    EXPECT_EQ(backoff_before(policy, retry, one), backoff_before(policy, retry, other));
  }
}

}  // namespace
}  // namespace mesh::resilience
