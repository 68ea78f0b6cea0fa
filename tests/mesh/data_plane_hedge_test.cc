// Late attempts and slow agents: who is hedged, and who is left out.
#include "mesh/routing/candidates.h"
#include "tests/mesh/data_plane_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mesh {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class HedgeTest : public DataPlaneTest {
 protected:
  void choose(Policy policy) {
    Options options;
    policy.capability = "*";
    options.policies = {std::move(policy)};
    plane.on_options(options);
  }
  static Policy hedged(std::optional<base::Duration> after) {
    Policy policy;
    policy.hedge = HedgePolicy{.enabled = true, .after = after};
    return policy;
  }
  // The number of the attempt that was started last.
  std::uint32_t started() const {
    const auto* start = only<StartAttempt>();
    return start == nullptr ? 0 : start->attempt;
  }
};

TEST_F(HedgeTest, AnAgentIsNotFullBecauseTheBodyWasStillOnItsWay) {
  choose(hedged(milliseconds(50)));
  provide(b, "b");
  provide(c, "c");
  const ExchangeId id = call();
  const base::NodeId first = peer_asked();
  const base::NodeId other = first == b ? c : b;
  pass(milliseconds(50));
  ASSERT_EQ(peer_asked(), other);
  fail(id, 2, AttemptFailure::not_sent);
  const auto& entry = *plane.catalogue().offer(other, "text.count")->entry;
  EXPECT_EQ(entry.reach.full_until, base::Instant{});
  EXPECT_EQ(entry.reach.outstanding, 0U);
  EXPECT_EQ(entry.reach.failures, 0U);
  // It is hedged there once the body had time enough.
  pass(milliseconds(99));
  EXPECT_EQ(started(), 0U);
  pass(milliseconds(1));
  EXPECT_EQ(peer_asked(), other);
  answer(id, 3);
  EXPECT_EQ(count<RelayAnswer>(), 1U);
}

TEST_F(HedgeTest, WhatWasNotSentCostsNothing) {
  Policy policy = hedged(milliseconds(50));
  policy.attempts = 2;
  policy.retry_budget = 0;
  choose(policy);
  provide(b, "b");
  provide(c, "c");
  for (int i = 0; i < 30; ++i) {
    const ExchangeId id = call();
    pass(milliseconds(50));
    ASSERT_EQ(started(), 2U);
    fail(id, 2, AttemptFailure::not_sent);
    serve_whole(id, 1);
  }
  EXPECT_EQ(plane.counters().retries_denied, 0U);
}

TEST_F(HedgeTest, LooksLessAndLessOftenWhetherALongBodyIsThere) {
  choose(hedged(milliseconds(50)));
  provide(b, "b");
  provide(c, "c");
  const ExchangeId id = call({{"parley-deadline", "60s"}});
  std::uint32_t sent = 0;
  for (int i = 0; i < 500; ++i) {
    pass(milliseconds(100));
    if (started() == 0) continue;
    ++sent;
    fail(id, started(), AttemptFailure::not_sent);
  }
  EXPECT_GE(sent, 5U);
  EXPECT_LE(sent, 12U);
}

TEST_F(HedgeTest, OneAnswerTellsWhatIsLateUntilMoreAreSeen) {
  choose(hedged(std::nullopt));
  provide(b, "b");
  provide(c, "c");
  const ExchangeId first = call();
  pass(milliseconds(40));
  serve_whole(first);
  const ExchangeId id = call();
  const base::NodeId asked = peer_asked();
  pass(milliseconds(100));
  EXPECT_EQ(started(), 0U);
  pass(milliseconds(20));  // three times as long as the only one that was seen
  EXPECT_EQ(peer_asked(), asked == b ? c : b);
  answer(id, 2);
  EXPECT_EQ(count<RelayAnswer>(), 1U);
}

// ---- who is slow ----

TEST_F(HedgeTest, ABetterAgentIsAskedAlthoughItIsSlow) {
  for (const RoutePolicy route : {RoutePolicy::quality, RoutePolicy::cost}) {
    EXPECT_FALSE(routing::heeds_latency(route));
  }
  Policy policy;
  policy.route = RoutePolicy::quality;
  choose(policy);
  provide(b, "b");
  provide(c, "c");
  const auto serve_graded = [&] {
    const ExchangeId id = call();
    const bool slow = peer_asked() == b;
    pass(slow ? milliseconds(500) : milliseconds(10));
    answer(id, 1, 200, {{"parley-quality", slow ? "0.99" : "0.92"}});
    plane.on_answer_started(id);
    complete(id, 1);
    return slow;
  };
  for (int i = 0; i < 40; ++i) serve_graded();
  for (int i = 0; i < 40; ++i) EXPECT_TRUE(serve_graded()) << i;
}

}  // namespace
}  // namespace mesh
