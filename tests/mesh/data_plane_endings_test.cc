// What an attempt leaves behind, however it ends: permits, places and scores.
#include "tests/mesh/data_plane_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mesh {
namespace {

using resilience::Breaker;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

class EndingsTest : public DataPlaneTest {
 protected:
  void choose(const Policy& policy, std::string capability = "*") {
    Options options;
    options.policies = {policy};
    options.policies[0].capability = std::move(capability);
    plane.on_options(options);
  }
  const Standing& standing(const base::NodeId& node, std::string_view capability = "text.count") {
    return *plane.catalogue().offer(node, capability)->standing;
  }
  void leave(ExchangeId id) {
    effects.clear();
    plane.on_caller_gone(id, now, effects);
    sort_out_phases();
  }
};

TEST_F(EndingsTest, AStreamThatItsCallerEndsIsNotSlow) {
  provide(b, "b");
  provide(c, "c");
  for (int i = 0; i < 20; ++i) {
    const ExchangeId id = call();
    pass(milliseconds(10));
    answer(id, 1, 200, {{"content-type", "text/event-stream"}}, std::nullopt);
    plane.on_answer_started(id);
    pass(minutes(i % 2 == 0 ? 0 : 10));
    leave(id);
  }
  EXPECT_LE(standing(b).latency, milliseconds(11));
  EXPECT_LE(standing(c).latency, milliseconds(11));
  EXPECT_EQ(plane.counters().ejections, 0U);
}

TEST_F(EndingsTest, AStreamThatItsDeadlineEndsIsNotSlow) {
  provide(b, "b");
  const ExchangeId id = call({{"parley-deadline", "5m"}});
  pass(milliseconds(10));
  answer(id, 1, 200, {{"content-type", "text/event-stream"}}, std::nullopt);
  plane.on_answer_started(id);
  pass(minutes(5));
  EXPECT_LE(standing(b).latency, milliseconds(11));
}

TEST_F(EndingsTest, AnAnswerThatIsNotTakenLeavesTheCallToTheAttemptBesideIt) {
  Policy policy;
  policy.hedge = HedgePolicy{.enabled = true, .after = milliseconds(50)};
  policy.quality = QualityTiers{.prefer = 0.95, .accept = 0.90, .never_below = 0.70};
  policy.retry_on = RetryReasons().add(RetryReason::unavailable);
  policy.fallback = {"text.estimate"};
  choose(policy, "text.count");
  provide(b, "b");
  provide(c, "c");
  provide(d, "d", Availability::serving, "text.estimate");
  const ExchangeId id = call();
  pass(milliseconds(50));
  ASSERT_EQ(count<StartAttempt>(), 1U);
  answer(id, 2, 200, {{"parley-quality", "0.1"}});
  EXPECT_EQ(count<StartAttempt>(), 0U);
  answer(id, 1, 200, {{"parley-quality", "0.99"}});
  EXPECT_EQ(count<RelayAnswer>(), 1U);
  complete(id, 1);
  EXPECT_EQ(standing(b).outstanding, 0U);
  EXPECT_EQ(standing(c).outstanding, 0U);
  EXPECT_EQ(standing(d, "text.estimate").outstanding, 0U);
}

TEST_F(EndingsTest, AnAgentWhoseAnswersBreakInTheMiddleTripsItsBreaker) {
  Policy policy;
  policy.attempts = 1;
  policy.breaker = BreakerPolicy{.failure_threshold = 0.6, .min_requests = 4};
  choose(policy);
  provide(b, "b");
  for (int i = 0; i < 4; ++i) {
    const ExchangeId id = call();
    answer(id, 1, 200, {}, 1'000'000);
    plane.on_answer_started(id);
    fail(id, 1, AttemptFailure::broken);
  }
  EXPECT_EQ(standing(b).breaker.state(), Breaker::State::open);
}

TEST_F(EndingsTest, AnAgentThatNeverAnswersTripsItsBreaker) {
  Policy policy;
  policy.attempts = 1;
  policy.request_timeout = seconds(5);
  policy.breaker = BreakerPolicy{.min_requests = 4, .window = minutes(1)};
  choose(policy);
  provide(b, "b");
  for (int i = 0; i < 4; ++i) {
    call();
    pass(seconds(5));
    EXPECT_THAT(refusal(), HasSubstr("deadline_exceeded"));
  }
  EXPECT_EQ(standing(b).breaker.state(), Breaker::State::open);
}

TEST_F(EndingsTest, CallsThatWereThereBeforeABulkheadDoNotFreeItsPlaces) {
  provide(b, "b");
  const ExchangeId before = call();
  Policy policy;
  policy.bulkhead = Bulkhead{.concurrent_max = 2, .adaptive = false};
  choose(policy);
  call();
  call();
  serve_whole(before);
  call();
  EXPECT_THAT(refusal(), HasSubstr("bulkhead"));
}

TEST_F(EndingsTest, AnOpenBreakerIsProbedAlsoIfNoCallMayBeRepeated) {
  Policy policy;
  policy.breaker =
      BreakerPolicy{.min_requests = 4, .open_for = seconds(30), .half_open_requests = 1};
  choose(policy);
  provide(b, "b");
  for (int i = 0; i < 4; ++i) {
    const ExchangeId id = call({}, "POST");
    answer(id, 1, 500);
    complete(id, 1);
  }
  ASSERT_EQ(standing(b).breaker.state(), Breaker::State::open);
  provide(c, "c");
  bool asked_b = false;
  for (int i = 0; i < 100; ++i) {
    pass(seconds(1));
    const ExchangeId id = call({}, "POST");
    asked_b = asked_b || peer_asked() == b;
    serve_whole(id);
  }
  EXPECT_TRUE(asked_b);
}

TEST_F(EndingsTest, ABadAgentIsProbedAlsoIfNoCallMayBeRepeated) {
  Policy policy;
  policy.quality = QualityTiers{.prefer = 0.95, .accept = 0.90, .never_below = 0.70};
  choose(policy);
  provide(b, "b");
  ExchangeId id = call({}, "POST");
  answer(id, 1, 200, {{"parley-quality", "0.1"}});
  bool asked_b = false;
  for (int i = 0; i < 100; ++i) {
    pass(seconds(1));
    id = call({}, "POST");
    if (count<StartAttempt>() == 0) continue;
    asked_b = true;
    answer(id, 1, 200, {{"parley-quality", "0.99"}});
    complete(id, 1);
  }
  EXPECT_TRUE(asked_b);
}

TEST_F(EndingsTest, AnAgentThatACallerInAHurryLeftIsNotBlamed) {
  Policy policy;
  policy.breaker = BreakerPolicy{.min_requests = 4, .window = minutes(1)};
  choose(policy);
  provide(b, "b");
  for (int i = 0; i < 8; ++i) {
    call({{"parley-deadline", "100ms"}});
    pass(milliseconds(100));
  }
  EXPECT_EQ(standing(b).breaker.state(), Breaker::State::closed);
}

// Its node gives up a little earlier than we would, and tells us so.
TEST_F(EndingsTest, AnAgentWhosePeerSaysThatItNeverAnswersTripsItsBreaker) {
  Policy policy;
  policy.request_timeout = seconds(5);
  policy.breaker = BreakerPolicy{.min_requests = 4, .window = minutes(1)};
  choose(policy);
  provide(b, "b");
  for (int i = 0; i < 4; ++i) {
    const ExchangeId id = call();
    pass(milliseconds(4'992));
    answer(id, 1, 504, {{"parley-error", "deadline_exceeded"}});
    EXPECT_THAT(refusal(), HasSubstr("deadline_exceeded"));
  }
  EXPECT_EQ(standing(b).breaker.state(), Breaker::State::open);
  EXPECT_EQ(standing(b).outstanding, 0U);
}

TEST_F(EndingsTest, APeerWhoseAgentWaitedForSomebodyElseIsNotBlamed) {
  Policy policy;
  policy.request_timeout = seconds(5);
  policy.breaker = BreakerPolicy{.min_requests = 4, .window = minutes(1)};
  choose(policy);
  provide(b, "b");
  for (int i = 0; i < 8; ++i) {
    const ExchangeId id = call();
    pass(milliseconds(4'992));
    answer(id, 1, 504, {{"parley-error", "deadline_exceeded"}, {"parley-failed-further-on", "1"}});
  }
  EXPECT_EQ(standing(b).breaker.state(), Breaker::State::closed);
}

TEST_F(EndingsTest, APeerIsToldThatTheAgentWaitedForSomebodyElse) {
  serve();
  provide(c, "c", Availability::serving, "other");
  const ExchangeId served = call_from(b, {{"parley-call", call_id}, {"parley-deadline", "1s"}});
  const ExchangeId inner = call({{"parley-call", call_id}}, "POST", FromAgent{}, "other");
  fail(inner, 1, AttemptFailure::broken);
  ASSERT_THAT(refusal(), HasSubstr("agent_unreachable"));
  pass(seconds(1));
  const auto* refused = only<RefuseExchange>();
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->exchange, served);
  EXPECT_EQ(find_header(refused->set, "parley-failed-further-on"), "1");
}

// ---- the end of the time, told by the peer's node ----

class PeersTimeTest : public EndingsTest {
 protected:
  void ask(OnTimeout then) {
    Policy policy;
    policy.request_timeout = seconds(1);
    policy.on_timeout = then;
    policy.fallback = {"text.estimate"};
    choose(policy, "text.count");
    provide(b, "b");
    provide(c, "c", Availability::serving, "text.estimate");
    const ExchangeId id = call();
    pass(milliseconds(991));
    answer(id, 1, 504, {{"parley-error", "deadline_exceeded"}});
  }
};

TEST_F(PeersTimeTest, FailsIfThePolicySaysSo) {
  ask(OnTimeout::fail);
  EXPECT_EQ(count<StartAttempt>(), 0U);
  EXPECT_THAT(refusal(), HasSubstr("deadline_exceeded"));
}

TEST_F(PeersTimeTest, FallsBackIfThePolicySaysSo) {
  ask(OnTimeout::fallback);
  EXPECT_EQ(peer_asked(), c);
}

TEST_F(PeersTimeTest, StartsNothingInTheLastMomentOfItsCaller) {
  provide(b, "b");
  provide(c, "c");
  const ExchangeId id = call({{"parley-deadline", "1s"}});
  pass(milliseconds(991));
  answer(id, 1, 504, {{"parley-error", "deadline_exceeded"}});
  EXPECT_EQ(count<StartAttempt>(), 0U);
  EXPECT_THAT(refusal(), HasSubstr("deadline_exceeded"));
}

// ---- ejection ----

TEST_F(EndingsTest, NeverEjectsMoreThanTheShareAtOnce) {
  Policy policy;
  policy.outliers = OutlierPolicy{.slower_than = 3, .share_max = 0.5, .ejected_for = minutes(10)};
  choose(policy);
  const auto serve_in = [&](const base::NodeId& node, const std::string& name,
                            base::Duration time) {
    provide(node, name);
    const ExchangeId id = call({{"parley-prefer", name}});
    if (peer_asked() != node) return leave(id);
    pass(time);
    serve_whole(id);
  };
  for (int i = 0; i < 5; ++i) {
    serve_in(b, "b", milliseconds(100));
    serve_in(c, "c", milliseconds(10));
    serve_in(d, "d", milliseconds(10));
  }
  ASSERT_TRUE(standing(b).ejection.is_ejected(now));
  for (int i = 0; i < 20; ++i) {  // now c is the slowest of three, and half of three is one
    serve_in(c, "c", seconds(1));
    serve_in(d, "d", milliseconds(50));
  }
  EXPECT_FALSE(standing(c).ejection.is_ejected(now));
  EXPECT_EQ(plane.counters().ejections, 1U);
}

TEST_F(EndingsTest, AnExpertIsNotEjectedForTakingLongerThanANovice) {
  const auto provide_as = [&](const base::NodeId& node, std::string name, Proficiency proficiency) {
    AgentDescriptor descriptor = agent_with("text.count");
    descriptor.capabilities[0].proficiency = proficiency;
    plane.on_provider(node,
                      {.name = std::move(name),
                       .load = {},
                       .descriptor = std::make_shared<const AgentDescriptor>(descriptor)},
                      now, effects);
  };
  provide_as(b, "b", Proficiency::novice);
  provide_as(c, "c", Proficiency::expert);
  for (int i = 0; i < 20; ++i) {
    const ExchangeId simple = call({{"parley-complexity", "0.1"}});
    ASSERT_EQ(peer_asked(), b);
    pass(milliseconds(10));
    serve_whole(simple);
    const ExchangeId hard = call({{"parley-complexity", "0.9"}});
    ASSERT_EQ(peer_asked(), c);
    pass(milliseconds(500));
    serve_whole(hard);
  }
  EXPECT_EQ(plane.counters().ejections, 0U);
}

// ---- words that others say ----

TEST_F(EndingsTest, TellsItsCallerWhenThePeersLimitLetsItIn) {
  Policy policy;
  policy.attempts = 2;
  choose(policy);
  provide(b, "b");
  const ExchangeId id = call();
  const Headers limited{
      {"parley-error", "rate_limited"}, {"parley-not-processed", "1"}, {"retry-after", "7"}};
  answer(id, 1, 429, limited);
  pass(milliseconds(50));
  answer(id, 2, 429, limited);
  EXPECT_THAT(refusal(), HasSubstr("rate_limited: All attempts failed"));
  EXPECT_EQ(only<RefuseExchange>()->problem.retry_after, seconds(7));
}

TEST_F(EndingsTest, ExplainsThatOurOwnCallsFillAnAgent) {
  plane.on_provider(
      b,
      {.name = "b",
       .load = {.concurrency = 1},
       .descriptor = std::make_shared<const AgentDescriptor>(agent_with("text.count"))},
      now, effects);
  provide(c, "c");
  call({{"parley-prefer", "b"}});
  ASSERT_EQ(peer_asked(), b);
  for (const RouteExplanation& row : plane.explain("text.count", "", now)) {
    if (row.node != b) continue;
    EXPECT_EQ(row.verdict, RouteVerdict::avoided);
    EXPECT_THAT(row.reasons, testing::ElementsAre("at_capacity"));
  }
}

TEST_F(EndingsTest, OneCallHasOneVoice) {
  provide(b, "b");
  const ExchangeId id = call();
  const std::string name = set_header("parley-call");
  serve_whole(id);
  for (int i = 0; i < 10; ++i) plane.on_feedback(name, 0.2, now);
  EXPECT_EQ(standing(b).score.seen_quality().samples, 1);
}

TEST_F(EndingsTest, AnAgentWithAnOldContextIsAskedAgainSomeTime) {
  provide(b, "b");
  provide(c, "c");
  const Headers wanted{{"parley-context-version", "12"}};
  const ExchangeId id = call({{"parley-context-version", "12"}, {"parley-prefer", "b"}});
  answer(id, 1, 200, {{"parley-context-version", "9"}});
  answer(id, 2, 200, {{"parley-context-version", "12"}});
  complete(id, 2);
  bool asked_b = false;
  for (int i = 0; i < 40; ++i) {
    pass(seconds(1));
    const ExchangeId next = call(wanted);
    asked_b = asked_b || peer_asked() == b;
    answer(next, 1, 200, {{"parley-context-version", "12"}});
    complete(next, 1);
  }
  EXPECT_TRUE(asked_b);
}

TEST_F(EndingsTest, AnAdaptiveBulkheadGrowsWithItsNewUpperEnd) {
  provide(b, "b");
  Policy policy;
  policy.bulkhead = Bulkhead{.concurrent_max = 1, .adaptive = true};
  choose(policy);
  call({{"parley-priority", "critical"}});
  policy.bulkhead = Bulkhead{.concurrent_max = 3, .adaptive = true};
  choose(policy);
  call({{"parley-priority", "critical"}});
  EXPECT_EQ(refusal(), "none");
  call({{"parley-priority", "critical"}});
  EXPECT_EQ(refusal(), "none");
  call({{"parley-priority", "critical"}});
  EXPECT_THAT(refusal(), HasSubstr("bulkhead"));
}

}  // namespace
}  // namespace mesh
