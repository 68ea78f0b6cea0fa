// What happens when the time of a call is over, and another agent, or another capability, is asked
// with what its caller still has.
#include "mesh/resilience/retry_budget.h"
#include "tests/mesh/data_plane_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mesh {
namespace {

using resilience::RetryBudget;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

class EscalationTest : public DataPlaneTest {
 protected:
  EscalationTest() {
    policy_.attempts = 1;
    policy_.retry_budget = 0;
    policy_.breaker = BreakerPolicy{.enabled = false};
    policy_.outliers = OutlierPolicy{.enabled = false};
    policy_.request_timeout = seconds(1);
    policy_.on_timeout = OnTimeout::escalate;
    choose();
  }
  void choose() {
    Options options;
    options.policies = {policy_};
    options.policies[0].capability = "text.count";
    plane.on_options(options);
  }
  void provide_with(const base::NodeId& node, std::string name, Proficiency proficiency) {
    AgentDescriptor descriptor = agent_with("text.count");
    descriptor.capabilities[0].proficiency = proficiency;
    plane.on_provider(node,
                      {.name = std::move(name),
                       .availability = Availability::serving,
                       .load = {},
                       .descriptor = std::make_shared<const AgentDescriptor>(descriptor)},
                      now, effects);
  }
  // A call that its first agent does not answer; the escalation is what is open then.
  ExchangeId call_in_vain() {
    const ExchangeId id = call();
    pass(seconds(1));
    return id;
  }

  Policy policy_;
};

TEST_F(EscalationTest, AsksAnExpertOnceTheTimeIsOver) {
  provide_with(b, "b", Proficiency::expert);
  provide_with(c, "c", Proficiency::novice);
  for (int i = 0; i < 4; ++i) {
    call_in_vain();
    EXPECT_EQ(peer_asked(), b);
    pass(seconds(1));
    EXPECT_THAT(refusal(), HasSubstr("deadline_exceeded"));
  }
}

TEST_F(EscalationTest, PaysLikeARetry) {
  provide_with(b, "b", Proficiency::expert);
  provide_with(c, "c", Proficiency::expert);
  for (std::uint32_t i = 0; i < RetryBudget::reserve; ++i) {
    call_in_vain();
    EXPECT_EQ(count<StartAttempt>(), 1U);
    pass(seconds(1));
  }
  call_in_vain();
  EXPECT_EQ(count<StartAttempt>(), 0U);
  EXPECT_THAT(refusal(), HasSubstr("deadline_exceeded"));
  EXPECT_EQ(plane.counters().retries_denied, 1U);
}

TEST_F(EscalationTest, TakesNothingFromTheBudgetIfThereIsNoExpert) {
  provide_with(b, "b", Proficiency::novice);
  for (std::uint32_t i = 0; i < 2 * RetryBudget::reserve; ++i) call_in_vain();
  EXPECT_EQ(plane.counters().retries_denied, 0U);
}

TEST_F(EscalationTest, ARetryThatWouldComeTooLateCostsNothing) {
  policy_.attempts = 2;
  policy_.on_timeout = OnTimeout::fail;
  policy_.backoff = Backoff{
      .type = BackoffType::constant, .base = seconds(2), .max = seconds(2), .jitter = Jitter::none};
  choose();
  provide(b, "b");
  for (std::uint32_t i = 0; i < 2 * RetryBudget::reserve; ++i) {
    const ExchangeId id = call();
    answer(id, 1, 500);
    EXPECT_EQ(count<RelayAnswer>(), 1U);
    complete(id, 1);
  }
  EXPECT_EQ(plane.counters().retries_denied, 0U);
}

TEST_F(EscalationTest, IsNotTheLastAttemptUntilItEscalated) {
  provide_with(b, "b", Proficiency::expert);
  provide_with(c, "c", Proficiency::expert);
  call();
  EXPECT_TRUE(only<StartAttempt>()->keep_body);
  EXPECT_FALSE(only<StartAttempt>()->last);
  pass(seconds(1));
  EXPECT_TRUE(only<StartAttempt>()->last);
}

TEST_F(EscalationTest, IsOneAttemptBeyondThoseOfThePolicy) {
  policy_.attempts = 2;
  policy_.per_try_timeout = milliseconds(400);
  choose();
  provide_with(b, "b", Proficiency::expert);
  provide_with(c, "c", Proficiency::expert);
  call();
  pass(milliseconds(700));  // its first agent is given up late
  EXPECT_EQ(count<StartAttempt>(), 1U);
  pass(milliseconds(300));
  EXPECT_EQ(count<StartAttempt>(), 1U);
  EXPECT_EQ(only<StartAttempt>()->attempt, 3U);
  pass(milliseconds(400));
  EXPECT_EQ(count<StartAttempt>(), 0U);
  EXPECT_THAT(refusal(), HasSubstr("deadline_exceeded"));
}

TEST_F(EscalationTest, ADuplicateLeavesItToTheCallThatItWaitsFor) {
  serve();
  provide_with(b, "b", Proficiency::expert);
  policy_.route = RoutePolicy::preference;
  choose();
  const Headers key{{"idempotency-key", "k"}};
  call(key);
  ASSERT_TRUE(agent_asked());
  pass(milliseconds(10));
  call(key);
  ASSERT_EQ(count<StartAttempt>(), 0U);
  pass(milliseconds(990));
  EXPECT_EQ(peer_asked(), b);
  pass(milliseconds(10));
  EXPECT_EQ(count<StartAttempt>(), 0U);
  EXPECT_THAT(refusal(), HasSubstr("deadline_exceeded"));
}

// ---- fallback ----

TEST_F(EscalationTest, ACallThatFellBackPaysWhereItIsServed) {
  Options options;
  options.policies.resize(2);
  options.policies[0].capability = "text.count";
  options.policies[0].attempts = 1;
  options.policies[0].fallback = {"text.estimate"};
  options.policies[1].capability = "text.estimate";
  options.policies[1].attempts = 2;
  options.policies[1].retry_budget = 0.5;
  for (Policy& policy : options.policies) policy.breaker = BreakerPolicy{.enabled = false};
  plane.on_options(options);
  provide(b, "b", Availability::serving, "text.estimate");
  provide(c, "c", Availability::serving, "text.estimate");
  std::uint32_t further = 0;
  constexpr std::uint32_t calls = 40;
  for (std::uint32_t i = 0; i < calls; ++i) {
    const ExchangeId id = call();
    ASSERT_EQ(count<StartAttempt>(), 1U);
    answer(id, 1, 500);
    if (count<StartAttempt>() == 0) continue;
    ++further;
    serve_whole(id, 2);
  }
  EXPECT_EQ(further, RetryBudget::reserve + calls / 2);
}

TEST_F(EscalationTest, ACallThatFallsBackTakesItsPlaceWhereItIsServed) {
  Options options;
  options.policies.resize(2);
  options.policies[0].capability = "text.count";
  options.policies[0].attempts = 1;
  options.policies[0].fallback = {"text.estimate"};
  options.policies[0].bulkhead = Bulkhead{.concurrent_max = 1, .adaptive = false};
  options.policies[1].capability = "text.estimate";
  options.policies[1].bulkhead = Bulkhead{.concurrent_max = 1, .adaptive = false};
  for (Policy& policy : options.policies) policy.breaker = BreakerPolicy{.enabled = false};
  plane.on_options(options);
  provide(b, "b");
  provide(c, "c", Availability::serving, "text.estimate");
  const ExchangeId first = call();
  fail(first, 1, AttemptFailure::unreachable);
  ASSERT_EQ(peer_asked(), c);
  // Its place is free again for the next one, which finds none at the fallback.
  const ExchangeId second = call();
  ASSERT_EQ(peer_asked(), b);
  answer(second, 1, 500);
  EXPECT_EQ(count<StartAttempt>(), 0U);
  serve_whole(first, 2);
  const ExchangeId third = call();
  answer(third, 1, 500);
  EXPECT_EQ(count<StartAttempt>(), 1U);
}

TEST_F(EscalationTest, NoCapabilityIsItsOwnFallback) {
  Policy policy;
  policy.capability = "text.*";
  policy.attempts = 1;
  policy.fallback = {"text.count"};
  Options options;
  options.policies = {policy};
  plane.on_options(options);
  provide(b, "b");
  const ExchangeId id = call();
  fail(id, 1, AttemptFailure::unreachable);
  EXPECT_EQ(count<StartAttempt>(), 0U);
  EXPECT_EQ(plane.counters().fallbacks, 0U);
}

}  // namespace
}  // namespace mesh
