#include "tests/mesh/data_plane_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mesh {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// ---- at the callee ----

TEST_F(DataPlaneTest, TakesNoMoreCallsThanItsAgentWants) {
  serve(2);
  const ExchangeId first = call_from(b);
  call_from(b);
  EXPECT_TRUE(plane.local_load().at_capacity);
  call_from(b);
  EXPECT_EQ(refusal(), "overloaded: The agent of a is at its limit of calls at once.");
  EXPECT_TRUE(marked_not_processed());
  EXPECT_EQ(only<RefuseExchange>()->problem.retry_after, seconds(1));
  serve_whole(first);
  call_from(b);
  EXPECT_TRUE(agent_asked());
}

TEST_F(DataPlaneTest, SendsTheCallsOfOthersElsewhereWhileItDrains) {
  serve();
  provide(b, "b");
  const ExchangeId before = call_from(b);
  plane.on_drain(true);
  call_from(b);
  EXPECT_EQ(refusal(), "overloaded: The node a is draining.");
  EXPECT_TRUE(marked_not_processed());
  call();
  EXPECT_EQ(peer_asked(), b);  // its own agent may still call others
  serve_whole(before);
  EXPECT_EQ(only<ExchangeSettled>()->outcome, Outcome::success);
  plane.on_drain(false);
  call_from(b);
  EXPECT_TRUE(agent_asked());
}

TEST_F(DataPlaneTest, TellsAPeerThatItsAgentCannotDoThat) {
  call_from(b);
  EXPECT_THAT(refusal(), HasSubstr("no_capable_agent: The agent of a does not have"));
  EXPECT_TRUE(marked_not_processed());
}

TEST_F(DataPlaneTest, TellsAPeerThatItsAgentIsNotReached) {
  serve();
  const ExchangeId id = call_from(b);
  fail(id, 1, AttemptFailure::unreachable);
  EXPECT_THAT(refusal(), HasSubstr("agent_unreachable"));
  EXPECT_TRUE(marked_not_processed());
  const ExchangeId other = call_from(b);
  fail(other, 1, AttemptFailure::broken);
  EXPECT_FALSE(marked_not_processed());
}

// ---- duplicates ----

TEST_F(DataPlaneTest, ADuplicateWaitsAndGetsTheSameAnswer) {
  serve();
  const Headers key{{"idempotency-key", "order-7"}};
  const ExchangeId first = call_from(b, key, "POST");
  const ExchangeId second = call_from(b, key, "POST");
  EXPECT_THAT(effects, IsEmpty());
  EXPECT_EQ(plane.in_flight(), 1U);
  answer(first, 1);
  ASSERT_THAT(effects, SizeIs(2));
  EXPECT_EQ(effects[0], (Effect{KeepAnswer{first}}));
  complete(first, 1);
  ASSERT_EQ(count<ReplayAnswer>(), 1U);
  EXPECT_EQ(only<ReplayAnswer>()->exchange, second);
  EXPECT_EQ(only<ReplayAnswer>()->original, first);
  EXPECT_EQ(count<ExchangeSettled>(), 2U);
  EXPECT_EQ(plane.exchanges(), 0U);

  const ExchangeId third = call_from(b, key, "POST");
  ASSERT_EQ(count<ReplayAnswer>(), 1U);
  EXPECT_EQ(only<ReplayAnswer>()->exchange, third);
  EXPECT_EQ(count<StartAttempt>(), 0U);
}

TEST_F(DataPlaneTest, TheSameKeyOfAnotherCallerIsAnotherCall) {
  serve();
  call_from(b, {{"idempotency-key", "k"}}, "POST");
  call_from(c, {{"idempotency-key", "k"}}, "POST");
  EXPECT_TRUE(agent_asked());
}

TEST_F(DataPlaneTest, AFailedExecutionIsForgottenSoThatARetryRuns) {
  serve();
  const Headers key{{"idempotency-key", "k"}};
  const ExchangeId first = call_from(b, key, "POST");
  const ExchangeId second = call_from(b, key, "POST");
  fail(first, 1, AttemptFailure::broken);
  ASSERT_EQ(count<StartAttempt>(), 1U);  // the one that waited runs itself
  EXPECT_EQ(only<StartAttempt>()->exchange, second);
  fail(second, 1, AttemptFailure::broken);
  call_from(b, key, "POST");
  EXPECT_TRUE(agent_asked());
}

TEST_F(DataPlaneTest, SaysThatARepeatedCallsAnswerWasNotKept) {
  serve();
  serve_whole(call_from(b, {{"parley-call", call_id}}));
  call_from(b, {{"parley-call", call_id}});
  EXPECT_EQ(refusal(), "bad_request: The same call ran already and its answer was not kept.");
}

TEST_F(DataPlaneTest, ForgetsAKeptAnswerAfterItsWindow) {
  serve();
  const Headers key{{"idempotency-key", "k"}};
  const ExchangeId first = call_from(b, key, "POST");
  serve_whole(first);
  pass(minutes(5));
  EXPECT_EQ(effects, (Effects{ForgetAnswer{first}}));
  call_from(b, key, "POST");
  EXPECT_TRUE(agent_asked());
}

TEST_F(DataPlaneTest, AWaitingDuplicateKeepsItsOwnDeadline) {
  serve();
  const Headers key{{"idempotency-key", "k"}, {"parley-deadline", "1s"}};
  const ExchangeId first = call_from(b, {{"idempotency-key", "k"}}, "POST");
  call_from(b, key, "POST");
  pass(seconds(1));
  EXPECT_THAT(refusal(), HasSubstr("deadline_exceeded"));
  answer(first, 1);
  complete(first, 1);
  EXPECT_EQ(count<ReplayAnswer>(), 0U);
}

// ---- health of the own agent ----

TEST_F(DataPlaneTest, AnUnreachableAgentGetsNoCallsUntilItAnswersAProbe) {
  serve();
  fail(call_from(b), 1, AttemptFailure::unreachable);
  EXPECT_EQ(plane.local_load().condition, AgentCondition::healthy);
  fail(call_from(b), 1, AttemptFailure::unreachable);
  EXPECT_EQ(plane.local_load().condition, AgentCondition::unhealthy);
  EXPECT_EQ(only<base::Transition>()->to, "unhealthy");
  call_from(b);
  EXPECT_EQ(refusal(), "agent_unreachable: The agent of a is unhealthy.");
  EXPECT_TRUE(marked_not_processed());
  pass(seconds(1));
  ASSERT_EQ(count<ProbeAgent>(), 1U);
  EXPECT_EQ(only<ProbeAgent>()->target, "/");
  const std::uint64_t probe = only<ProbeAgent>()->probe;
  effects.clear();
  plane.on_probe(probe, 404, now, effects);  // any status shows that it lives
  EXPECT_EQ(plane.local_load().condition, AgentCondition::healthy);
  call_from(b);
  EXPECT_TRUE(agent_asked());
}

TEST_F(DataPlaneTest, TwoBadProbesMakeAnAgentUnhealthyAndOneGoodOneHealthy) {
  serve(0, "/healthz");
  const auto probe = [&](std::optional<int> status) {
    ASSERT_EQ(count<ProbeAgent>(), 1U);
    EXPECT_EQ(only<ProbeAgent>()->target, "/healthz");
    const std::uint64_t number = only<ProbeAgent>()->probe;
    plane.on_probe(number, status, now, effects);
  };
  pass({});
  probe(500);
  EXPECT_EQ(plane.local_load().condition, AgentCondition::healthy);
  pass(seconds(10));
  probe(std::nullopt);
  EXPECT_EQ(plane.local_load().condition, AgentCondition::unhealthy);
  pass(seconds(10));
  probe(204);
  EXPECT_EQ(plane.local_load().condition, AgentCondition::healthy);
}

}  // namespace
}  // namespace mesh
