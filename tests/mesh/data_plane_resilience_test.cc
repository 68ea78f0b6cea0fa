#include "tests/mesh/data_plane_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mesh {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

class ResilienceTest : public DataPlaneTest {
 protected:
  void choose(const Policy& policy, std::string capability = "*") {
    Options options;
    options.policies = {policy};
    options.policies[0].capability = std::move(capability);
    plane.on_options(options);
  }
  // A call that is served whole after so long.
  void serve_after(base::Duration time, Headers headers = {}) {
    const ExchangeId id = call();
    pass(time);
    answer(id, 1, 200, std::move(headers));
    plane.on_answer_started(id);
    complete(id, 1);
  }
  std::string header_of_answer(std::string_view name) const {
    const auto* relayed = only<RelayAnswer>();
    return relayed == nullptr ? "no answer"
                              : std::string(find_header(relayed->set, name).value_or("absent"));
  }
};

// ---- breaker ----

TEST_F(ResilienceTest, AnOpenBreakerRefusesAndSaysWhenToComeAgain) {
  Policy policy;
  policy.attempts = 1;
  policy.breaker = BreakerPolicy{.failure_threshold = 0.3, .min_requests = 4};
  choose(policy);
  provide(b, "b");
  for (int i = 0; i < 4; ++i) {
    const ExchangeId id = call();
    answer(id, 1, 500);
    complete(id, 1);
  }
  call();
  EXPECT_THAT(refusal(), HasSubstr("circuit_open: The circuit breakers of 1 of 1"));
  EXPECT_EQ(only<RefuseExchange>()->problem.retry_after, seconds(30));
}

TEST_F(ResilienceTest, AHalfOpenBreakerLetsExactlyItsProbesThrough) {
  Policy policy;
  policy.attempts = 1;
  policy.breaker = BreakerPolicy{.min_requests = 4, .half_open_requests = 2};
  choose(policy);
  provide(b, "b");
  for (int i = 0; i < 4; ++i) {
    const ExchangeId id = call();
    answer(id, 1, 500);
    complete(id, 1);
  }
  pass(seconds(30));
  const ExchangeId first = call();
  EXPECT_EQ(count<StartAttempt>(), 1U);
  const ExchangeId second = call();
  EXPECT_EQ(count<StartAttempt>(), 1U);
  call();
  EXPECT_THAT(refusal(), HasSubstr("circuit_open"));
  serve_whole(first);
  serve_whole(second);
  call();
  EXPECT_EQ(count<StartAttempt>(), 1U);
}

TEST_F(ResilienceTest, WhatTheAgentSaysInItsOwnWordsTripsNothing) {
  Policy policy;
  policy.breaker = BreakerPolicy{.min_requests = 2};
  choose(policy);
  provide(b, "b");
  const std::string error = R"({"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"no"}})";
  for (int i = 0; i < 6; ++i) {
    const ExchangeId id = call();
    answer(id, 1, 200, {{"content-type", "application/json"}}, error.size());
    ASSERT_EQ(count<InspectAnswer>(), 1U);
    effects.clear();
    plane.on_inspected(id, 1, error, now, effects);
    sort_out_phases();
    ASSERT_EQ(count<RelayAnswer>(), 1U);
    complete(id, 1);
    EXPECT_EQ(only<ExchangeSettled>()->outcome, Outcome::application_error);
  }
}

TEST_F(ResilienceTest, HonoursRetryAfter) {
  provide(b, "b");
  const ExchangeId id = call({}, "POST");
  answer(id, 1, 429, {{"retry-after", "7"}});
  complete(id, 1);
  call();
  EXPECT_THAT(refusal(), HasSubstr("rate_limited"));
  EXPECT_EQ(only<RefuseExchange>()->problem.retry_after, seconds(7));
  pass(seconds(7));
  call();
  EXPECT_EQ(count<StartAttempt>(), 1U);
}

// ---- time ----

TEST_F(ResilienceTest, EachTryHasItsOwnTime) {
  Policy policy;
  policy.per_try_timeout = seconds(1);
  choose(policy);
  provide(b, "b");
  provide(c, "c");
  const ExchangeId id = call();
  const base::NodeId first = peer_asked();
  pass(seconds(1));
  ASSERT_EQ(count<CancelAttempt>(), 1U);
  EXPECT_EQ(peer_asked(), first == b ? c : b);
  serve_whole(id, 2);
  EXPECT_EQ(only<ExchangeSettled>()->outcome, Outcome::success);
}

TEST_F(ResilienceTest, ASlowFirstAttemptIsHedgedAndTheLoserCancelled) {
  Policy policy;
  policy.hedge = HedgePolicy{.enabled = true, .after = milliseconds(50)};
  choose(policy);
  provide(b, "b");
  provide(c, "c");
  const ExchangeId id = call();
  const base::NodeId first = peer_asked();
  pass(milliseconds(50));
  EXPECT_EQ(count<CancelAttempt>(), 0U);
  EXPECT_EQ(peer_asked(), first == b ? c : b);
  answer(id, 2);
  ASSERT_EQ(count<CancelAttempt>(), 1U);
  EXPECT_EQ(only<CancelAttempt>()->attempt, 1U);
  EXPECT_EQ(header_of_answer("parley-attempts"), "2");
  complete(id, 2);
  EXPECT_EQ(only<ExchangeSettled>()->outcome, Outcome::success);
  EXPECT_EQ(plane.counters().hedges, 1U);
}

TEST_F(ResilienceTest, ACallThatMayNotBeRepeatedIsNotHedged) {
  Policy policy;
  policy.hedge = HedgePolicy{.enabled = true, .after = milliseconds(50)};
  choose(policy);
  provide(b, "b");
  provide(c, "c");
  call({}, "POST");
  pass(milliseconds(50));
  EXPECT_EQ(count<StartAttempt>(), 0U);
}

// ---- retries ----

TEST_F(ResilienceTest, RetriesStayWithinTheirBudgetInAStorm) {
  Policy policy;
  policy.per_try_timeout = milliseconds(10);
  policy.breaker = BreakerPolicy{.enabled = false};
  choose(policy);
  provide(b, "b");
  provide(c, "c");
  constexpr std::uint64_t calls = 400;
  for (std::uint64_t i = 0; i < calls; ++i) {
    call();
    for (int step = 0; step < 40; ++step) pass(milliseconds(10));
  }
  EXPECT_EQ(plane.exchanges(), 0U);
  EXPECT_LT(plane.counters().attempts, calls * 12 / 10);
  EXPECT_GT(plane.counters().retries_denied, 0U);
}

// ---- quality ----

TEST_F(ResilienceTest, OutputBelowThePolicyIsNeverPassedOn) {
  Policy policy;
  policy.quality = QualityTiers{.prefer = 0.95, .accept = 0.90, .never_below = 0.70};
  choose(policy);
  provide(b, "b");
  provide(c, "c");
  ExchangeId id = call();
  const base::NodeId bad = peer_asked();
  answer(id, 1, 200, {{"parley-quality", "0.65"}});
  EXPECT_EQ(count<RelayAnswer>(), 0U);
  const base::NodeId good = peer_asked();
  EXPECT_NE(good, bad);
  answer(id, 2, 200, {{"parley-quality", "0.96"}});
  EXPECT_EQ(count<RelayAnswer>(), 1U);
  complete(id, 2);
  // From now on it gets nothing, also when the good one is gone, but a probe now and then.
  provide(good, "good", Availability::dead);
  std::uint64_t asked = 0;
  for (int i = 0; i < 20; ++i) {
    id = call();
    if (count<StartAttempt>() == 0) {
      EXPECT_THAT(refusal(), HasSubstr("neverBelow"));
      continue;
    }
    ++asked;
    answer(id, 1, 200, {{"parley-quality", "0.65"}});
    EXPECT_EQ(count<RelayAnswer>(), 0U);
    pass(seconds(1));
  }
  EXPECT_LE(asked, 1U);
}

TEST_F(ResilienceTest, ACallerMayJudgeWhatItGot) {
  provide(b, "b");
  const ExchangeId id = call();
  const std::string name = set_header("parley-call");
  serve_whole(id);
  ASSERT_TRUE(plane.knows_call(name));
  plane.on_feedback(name, 0.2, now);
  const Catalogue::Offer* offer = plane.catalogue().offer(b, "text.count");
  ASSERT_NE(offer, nullptr);
  EXPECT_LT(offer->standing->score.quality().value, 0.5);
  EXPECT_FALSE(plane.knows_call("nothing"));
}

TEST_F(ResilienceTest, AnOlderContextThanAskedForIsNotTaken) {
  provide(b, "b");
  provide(c, "c");
  const ExchangeId id = call({{"parley-context-version", "12"}});
  const base::NodeId first = peer_asked();
  answer(id, 1, 200, {{"parley-context-version", "9"}});
  EXPECT_EQ(peer_asked(), first == b ? c : b);
  answer(id, 2, 200, {{"parley-context-version", "12"}});
  EXPECT_EQ(count<RelayAnswer>(), 1U);
}

// ---- fallback, limits ----

TEST_F(ResilienceTest, FallsBackToAnotherCapability) {
  Policy policy;
  policy.attempts = 1;
  policy.fallback = {"text.estimate"};
  choose(policy, "text.count");
  provide(b, "b");
  provide(c, "c", Availability::serving, "text.estimate");
  const ExchangeId id = call();
  fail(id, 1, AttemptFailure::unreachable);
  ASSERT_EQ(peer_asked(), c);
  EXPECT_EQ(std::get<ToPeer>(only<StartAttempt>()->to).capability, "text.estimate");
  answer(id, 2);
  EXPECT_EQ(header_of_answer("parley-fallback"), "text.estimate");
}

TEST_F(ResilienceTest, SpendsTheTimeOfTheChainOnAFallback) {
  Policy policy;
  policy.request_timeout = seconds(1);
  policy.on_timeout = OnTimeout::fallback;
  policy.fallback = {"text.estimate"};
  choose(policy, "text.count");
  provide(b, "b");
  provide(c, "c", Availability::serving, "text.estimate");
  call();
  pass(seconds(1));
  EXPECT_EQ(peer_asked(), c);
}

TEST_F(ResilienceTest, ABulkheadRefusesWhatIsTooMuchAtOnce) {
  Policy policy;
  policy.bulkhead = Bulkhead{.concurrent_max = 2, .adaptive = false};
  choose(policy);
  provide(b, "b");
  const ExchangeId first = call();
  call();
  call();
  EXPECT_THAT(refusal(), HasSubstr("overloaded: The bulkhead of 'text.count' is full"));
  serve_whole(first);
  call();
  EXPECT_EQ(count<StartAttempt>(), 1U);
}

TEST_F(ResilienceTest, ARateLimitRefusesWithTheTimeToWait) {
  Policy policy;
  policy.rate = RateLimits{.per_caller = Rate{.per_second = 1, .burst = 1},
                           .per_capability = std::nullopt,
                           .per_agent = std::nullopt};
  choose(policy);
  provide(b, "b");
  call();
  call();
  EXPECT_THAT(refusal(), HasSubstr("rate_limited"));
  EXPECT_EQ(only<RefuseExchange>()->problem.retry_after, seconds(1));
}

TEST_F(ResilienceTest, ASlowAgentIsLeftOutAndProbedLater) {
  provide(b, "b");
  provide(c, "c");
  for (int i = 0; i < 20; ++i) {
    const ExchangeId id = call();
    const base::NodeId node = peer_asked();
    pass(node == b ? milliseconds(200) : milliseconds(10));
    serve_whole(id);
  }
  for (int i = 0; i < 20; ++i) {
    const ExchangeId id = call();
    EXPECT_EQ(peer_asked(), c);
    pass(milliseconds(10));
    serve_whole(id);
  }
  pass(seconds(10));
  const ExchangeId probe = call();
  EXPECT_EQ(peer_asked(), b);
  pass(milliseconds(10));
  serve_whole(probe);
  EXPECT_FALSE(plane.catalogue().offer(b, "text.count")->standing->ejection.is_ejected(now));
}

}  // namespace
}  // namespace mesh
