#include "tests/mesh/data_plane_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mesh {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::HasSubstr;

class DeferTest : public DataPlaneTest {
 protected:
  DeferTest() {
    Policy policy;
    policy.deferral = Deferral{.age_max = hours(1), .calls_max = 2};
    choose(policy);
  }
  void choose(Policy policy) {
    Options options;
    options.policies = {std::move(policy)};
    plane.on_options(options);
  }
  void kept(ExchangeId id, const CallId& deferred, std::optional<std::uint64_t> bytes = 100) {
    effects.clear();
    plane.on_kept(id, deferred, bytes, bytes ? "" : "the disk is full", now, effects);
    sort_out_phases();
  }
  // A call that nobody took and that is on disk.
  CallId defer_one(Headers headers = {}, std::string method = "POST") {
    const ExchangeId id = call(std::move(headers), std::move(method));
    const auto* order = only<DeferCall>();
    if (order == nullptr) return {};
    const CallId deferred = order->id;
    kept(id, deferred);
    return deferred;
  }
  ExchangeId deliver(const CallId& deferred) {
    return call({{"idempotency-key", "deferred"}}, "POST", FromQueue{deferred});
  }
};

TEST_F(DeferTest, WhatNobodyCanTakeIsKeptAndAcceptedOnceItIsOnDisk) {
  const ExchangeId id = call({}, "POST");
  ASSERT_EQ(count<DeferCall>(), 1U);
  EXPECT_EQ(count<ExchangeSettled>(), 0U);
  const DeferCall order = *only<DeferCall>();
  EXPECT_EQ(order.capability, "text.count");
  EXPECT_EQ(order.age_max, hours(1));
  EXPECT_EQ(find_header(order.set, "idempotency-key"), "deferred-" + std::string(order.id))
      << "a call that may come twice has to be recognised";
  kept(id, order.id);
  ASSERT_EQ(count<AcceptExchange>(), 1U);
  EXPECT_EQ(only<AcceptExchange>()->deferred, order.id);
  EXPECT_EQ(only<AcceptExchange>()->left, hours(1));
  EXPECT_EQ(only<ExchangeSettled>()->outcome, Outcome::deferred);
  EXPECT_THAT(phases, testing::ElementsAre("arrived -> deferring", "deferring -> settled"));
}

TEST_F(DeferTest, WhatTheDiskDoesNotTakeIsRefusedAndSaid) {
  const ExchangeId id = call({}, "POST");
  const CallId deferred = only<DeferCall>()->id;
  kept(id, deferred, std::nullopt);
  EXPECT_THAT(refusal(), HasSubstr("overloaded: No agent has the capability"));
  EXPECT_THAT(refusal(), HasSubstr("It could not be kept for later: the disk is full."));
  EXPECT_TRUE(only<RefuseExchange>()->problem.retry_after);
  EXPECT_EQ(plane.deferrals().entries().size(), 0U);
}

TEST_F(DeferTest, WhatFindsNoRoomIsRefusedAndSaid) {
  defer_one();
  defer_one();
  call({}, "POST");
  EXPECT_THAT(refusal(), HasSubstr("no_capable_agent: "));
  EXPECT_THAT(refusal(), HasSubstr("defer.maxCalls"));
}

TEST_F(DeferTest, ItIsDeliveredWhenSomebodyComesAndItsAnswerIsKept) {
  const CallId deferred = defer_one();
  provide(b, "b");
  pass(seconds(0));
  ASSERT_EQ(count<DeliverCall>(), 1U);
  EXPECT_EQ(only<DeliverCall>()->id, deferred);
  const ExchangeId delivery = deliver(deferred);
  EXPECT_EQ(peer_asked(), b);
  answer(delivery, 1);
  complete(delivery, 1);
  ASSERT_EQ(count<EndDelivery>(), 1U);
  EXPECT_TRUE(only<EndDelivery>()->keep);
  EXPECT_EQ(plane.deferrals().find(deferred.view())->state, Deferrals::State::delivered);
}

TEST_F(DeferTest, ADeliveryThatNobodyTakesWaitsOn) {
  const CallId deferred = defer_one();
  pass(seconds(1));
  ASSERT_EQ(count<DeliverCall>(), 1U);
  deliver(deferred);
  EXPECT_EQ(count<DeferCall>(), 0U) << "it is kept already";
  EXPECT_EQ(count<RefuseExchange>(), 1U);
  ASSERT_EQ(count<EndDelivery>(), 1U);
  EXPECT_FALSE(only<EndDelivery>()->keep);
  const Deferrals::Entry* entry = plane.deferrals().find(deferred.view());
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->state, Deferrals::State::waiting);
  EXPECT_EQ(entry->tries, 1U);
}

TEST_F(DeferTest, AServerErrorIsNoDeliveryAndARefusalInTheAgentsWordsIsOne) {
  const CallId first = defer_one();
  provide(b, "b");
  pass(seconds(0));
  ExchangeId delivery = deliver(first);
  for (std::uint32_t attempt = 1; attempt <= 3; ++attempt) {
    answer(delivery, attempt, 500);
    if (count<RelayAnswer>() == 1) {
      complete(delivery, attempt);
      break;
    }
    pass(seconds(2));
  }
  EXPECT_EQ(plane.deferrals().find(first.view())->state, Deferrals::State::waiting);
  pass(seconds(2));
  ASSERT_EQ(count<DeliverCall>(), 1U);
  delivery = deliver(first);
  answer(delivery, 1, 404);
  complete(delivery, 1);
  EXPECT_EQ(plane.deferrals().find(first.view())->status, 404);
}

TEST_F(DeferTest, WhatMayHaveRunIsDeferredOnlyIfItMayRunTwice) {
  Policy policy;
  policy.attempts = 1;
  policy.deferral = Deferral{};
  choose(policy);
  provide(b, "b");
  ExchangeId id = call({}, "POST");
  fail(id, 1, AttemptFailure::broken);
  EXPECT_EQ(count<DeferCall>(), 0U);
  EXPECT_THAT(refusal(), HasSubstr("agent_unreachable"));
  id = call({}, "POST");
  fail(id, 1, AttemptFailure::unreachable);
  EXPECT_EQ(count<DeferCall>(), 1U);
  id = call({{"idempotency-key", "k"}}, "POST");
  fail(id, 1, AttemptFailure::broken);
  EXPECT_EQ(count<DeferCall>(), 1U);
}

TEST_F(DeferTest, AnOpenBreakerDefers) {
  Policy policy;
  policy.attempts = 1;
  policy.breaker = BreakerPolicy{.min_requests = 2};
  policy.deferral = Deferral{};
  choose(policy);
  provide(b, "b");
  for (int i = 0; i < 2; ++i) {
    const ExchangeId id = call();
    answer(id, 1, 500);
    complete(id, 1);
  }
  call();
  EXPECT_EQ(count<DeferCall>(), 1U);
}

TEST_F(DeferTest, TheBodyIsKeptForIt) {
  Policy policy;
  policy.attempts = 1;
  policy.deferral = Deferral{};
  choose(policy);
  provide(b, "b");
  call({}, "POST");
  EXPECT_TRUE(only<StartAttempt>()->keep_body);
  EXPECT_FALSE(only<StartAttempt>()->last);
}

TEST_F(DeferTest, AFallbackComesFirstAndWhatWasAskedForIsKept) {
  Policy policy;
  policy.capability = "text.count";
  policy.deferral = Deferral{};
  policy.fallback = {"text.short"};
  choose(policy);
  provide(b, "b", Availability::serving, "text.short");
  const ExchangeId id = call({}, "POST");
  EXPECT_EQ(peer_asked(), b);
  fail(id, 1, AttemptFailure::unreachable);
  while (count<StartAttempt>() == 1)
    fail(id, only<StartAttempt>()->attempt, AttemptFailure::unreachable);
  if (count<DeferCall>() == 0) pass(seconds(2));
  for (int i = 0; i < 10 && count<DeferCall>() == 0; ++i) {
    if (const auto* start = only<StartAttempt>()) {
      fail(id, start->attempt, AttemptFailure::unreachable);
    } else {
      pass(seconds(2));
    }
  }
  ASSERT_EQ(count<DeferCall>(), 1U);
  EXPECT_EQ(only<DeferCall>()->capability, "text.count");
}

TEST_F(DeferTest, TheSameKeyGetsTheSamePlace) {
  const CallId first = defer_one({{"idempotency-key", "order-7"}});
  call({{"idempotency-key", "order-7"}}, "POST");
  EXPECT_EQ(count<DeferCall>(), 0U);
  ASSERT_EQ(count<AcceptExchange>(), 1U);
  EXPECT_EQ(only<AcceptExchange>()->deferred, first);
}

TEST_F(DeferTest, ACallerWhoLeftBeforeItWasKeptGetsNothingDelivered) {
  const ExchangeId id = call({}, "POST");
  const CallId deferred = only<DeferCall>()->id;
  plane.on_caller_gone(id, now, effects);
  kept(id, deferred);
  EXPECT_EQ(count<ForgetCall>(), 1U);
  EXPECT_EQ(plane.deferrals().entries().size(), 0U);
}

// Then nobody ever says what became of it on the disk.
TEST_F(DeferTest, ACallerWhoLeftBeforeItsBodyWasWholeLeavesNothingBehind) {
  const ExchangeId id = call({}, "POST");
  ASSERT_EQ(count<DeferCall>(), 1U);
  plane.on_caller_gone(id, now, effects);
  EXPECT_EQ(plane.deferrals().entries().size(), 0U);
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(defer_one().empty());  // all that may wait
}

TEST_F(DeferTest, WhatIsTooOldIsDroppedAndTheOperatorTold) {
  const CallId deferred = defer_one();
  for (int i = 0; i < 400 && count<ForgetCall>() == 0; ++i) {
    pass(seconds(10));
    if (count<DeliverCall>() == 1) deliver(deferred);
  }
  ASSERT_EQ(count<ForgetCall>(), 1U);
  ASSERT_EQ(count<base::Notice>(), 1U);
  EXPECT_THAT(only<base::Notice>()->text, HasSubstr("'text.count' was dropped"));
}

TEST_F(DeferTest, ACancelledOneIsForgotten) {
  const CallId deferred = defer_one();
  effects.clear();
  plane.on_cancelled(deferred, effects);
  EXPECT_EQ(count<ForgetCall>(), 1U);
  pass(seconds(5));
  EXPECT_EQ(count<DeliverCall>(), 0U);
}

TEST_F(DeferTest, OneThatCannotBeReadIsTriedAgainAndOneThatIsGoneIsTold) {
  const CallId deferred = defer_one();
  pass(seconds(1));
  ASSERT_EQ(count<DeliverCall>(), 1U);
  effects.clear();
  plane.on_kept_unreadable(deferred, false, now, effects);
  pass(seconds(1));
  ASSERT_EQ(count<DeliverCall>(), 1U);
  effects.clear();
  plane.on_kept_unreadable(deferred, true, now, effects);
  EXPECT_EQ(count<base::Notice>(), 1U);
  EXPECT_EQ(plane.deferrals().entries().size(), 0U);
}

TEST_F(DeferTest, APeersCallIsNotDeferredHere) {
  call_from(b, {{"parley-call", call_id}}, "POST");
  EXPECT_EQ(count<DeferCall>(), 0U);
  EXPECT_EQ(count<RefuseExchange>(), 1U);
}

}  // namespace
}  // namespace mesh
