// What an exchange does besides passing bytes on: answers that are made up, answers that stop,
// calls whose body decides, and calls that are kept for later.
#include "tests/node/exchange_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace node {
namespace {

// ---- answers that are made up ----

TEST_F(ExchangeTest, AnAnswerThatIsMadeUpIsTakenLikeOneThatCame) {
  exchange.on_data(bytes("question"));
  exchange.on_end({});
  exchange.fabricate({.exchange = id,
                      .attempt = 1,
                      .status = 503,
                      .headers = {{"content-type", "text/plain"}},
                      .body = "made up"});
  ASSERT_EQ(host.count<kernel::AttemptAnswered>(), 1U);
  relay(1, true);
  EXPECT_EQ(caller.head->status, 503);
  EXPECT_EQ(caller.sent, "made up");
  EXPECT_TRUE(caller.ended);
  EXPECT_EQ(host.count<kernel::AttemptCompleted>(), 1U);
  EXPECT_TRUE(host.heads.empty()) << "nobody was asked";
}

TEST_F(ExchangeTest, AfterAnAnswerThatIsMadeUpTheBodyIsThereForAnotherAttempt) {
  exchange.on_data(bytes("ques"));
  exchange.fabricate({.exchange = id, .attempt = 1, .status = 503, .headers = {}, .body = "x"});
  exchange.on_data(bytes("tion"));
  exchange.on_end({});
  exchange.cancel(1);
  start(2, false);
  EXPECT_EQ(attempt().sent, "question");
  EXPECT_TRUE(attempt().ended);
}

// ---- answers that stop in the middle ----

class SilentAnswerTest : public ExchangeTest {
 protected:
  void relay_watched(bool hold) {
    exchange.relay(
        {.exchange = id, .attempt = 1, .set = {}, .hold = hold, .idle = std::chrono::seconds(2)});
  }
  void pass(base::Duration time) {
    host.time = host.time + time;
    exchange.on_time(host.time);
  }
};

TEST_F(SilentAnswerTest, GoesOnAsLongAsBytesFlow) {
  start(1);
  answer(std::nullopt);
  relay_watched(false);
  for (int i = 0; i < 5; ++i) {
    pass(std::chrono::milliseconds(1'500));
    attempt().receiver->on_data(bytes("data: x"));
  }
  EXPECT_EQ(host.count<kernel::AttemptFailed>(), 0U);
  EXPECT_EQ(host.wakes.back(), host.time + std::chrono::milliseconds(500))
      << "looked at again when it could be silent for too long";
  pass(std::chrono::seconds(2));
  ASSERT_EQ(host.count<kernel::AttemptFailed>(), 1U);
  EXPECT_EQ(std::get<kernel::AttemptFailed>(host.inputs.back()).failure,
            mesh::AttemptFailure::silent);
  EXPECT_TRUE(attempt().aborted());
  exchange.settle();
  EXPECT_TRUE(caller.aborted()) << "what began cannot end well";
}

TEST_F(SilentAnswerTest, NothingOfItLeftIfItWasHeldBack) {
  start(1);
  answer(10);
  relay_watched(true);
  attempt().receiver->on_data(bytes("half"));
  pass(std::chrono::seconds(2));
  EXPECT_EQ(host.count<kernel::AttemptFailed>(), 1U);
  EXPECT_FALSE(caller.head);
  start(2);
  EXPECT_EQ(host.attempts.size(), 2U);
}

TEST_F(SilentAnswerTest, OneThatEndedIsNotSilent) {
  start(1);
  answer(4);
  relay_watched(true);
  attempt().receiver->on_data(bytes("done"));
  attempt().receiver->on_end({});
  pass(std::chrono::seconds(5));
  EXPECT_EQ(host.count<kernel::AttemptFailed>(), 0U);
}

// ---- bodies that decide ----

class BodyStartTest : public ExchangeTest {
 protected:
  void arrive(bool look) {
    exchange.arrive({id,
                     mesh::FromAgent{},
                     {.capability = "text.count",
                      .method = "POST",
                      .rest = "",
                      .headers = {},
                      .body_size = std::nullopt,
                      .body_start = {}}},
                    look);
  }
  std::string body_start() const {
    return std::get<kernel::CallArrived>(host.inputs.front()).request.body_start;
  }
};

TEST_F(BodyStartTest, ACallArrivesAtOnceUnlessItsBodyDecides) {
  arrive(false);
  EXPECT_EQ(host.count<kernel::CallArrived>(), 1U);
}

TEST_F(BodyStartTest, ItWaitsForTheWholeOfASmallBody) {
  arrive(true);
  exchange.on_data(bytes("please "));
  EXPECT_EQ(host.count<kernel::CallArrived>(), 0U);
  exchange.on_data(bytes("prove it"));
  exchange.on_end({});
  ASSERT_EQ(host.count<kernel::CallArrived>(), 1U);
  EXPECT_EQ(body_start(), "please prove it");
  start(1);
  EXPECT_EQ(attempt().sent, "please prove it");
}

TEST_F(BodyStartTest, OfALargeBodyTheBeginningIsEnough) {
  arrive(true);
  exchange.on_data(bytes(std::string(2 * Exchange::body_start_max, 'x')));
  ASSERT_EQ(host.count<kernel::CallArrived>(), 1U);
  EXPECT_EQ(body_start().size(), Exchange::body_start_max);
}

TEST_F(BodyStartTest, ABodyThatTakesItsTimeIsNotWaitedForLong) {
  arrive(true);
  exchange.on_data(bytes("slow"));
  ASSERT_EQ(host.wakes.size(), 1U);
  host.time = host.wakes.front();
  exchange.on_time(host.time);
  ASSERT_EQ(host.count<kernel::CallArrived>(), 1U);
  EXPECT_EQ(body_start(), "slow");
  exchange.on_data(bytes("ly"));
  EXPECT_EQ(host.count<kernel::CallArrived>(), 1U);
}

TEST_F(BodyStartTest, ACallerWhoLeavesBeforeThatWasNeverThere) {
  arrive(true);
  exchange.on_failed(transport::StreamError::cancelled);
  EXPECT_TRUE(host.inputs.empty());
  EXPECT_TRUE(host.retired);
}

// ---- calls that are kept for later ----

class DeferExchangeTest : public ExchangeTest {
 protected:
  void defer(std::uint64_t bytes_max = 1'024) {
    exchange.defer({.exchange = id,
                    .id = mesh::CallId("7"),
                    .capability = "text.count",
                    .key = "",
                    .set = {{"idempotency-key", "deferred-7"}, {"grpc-timeout", ""}},
                    .age_max = std::chrono::hours(1),
                    .bytes_max = bytes_max});
  }
};

TEST_F(DeferExchangeTest, IsKeptOnceItsBodyIsWhole) {
  exchange.on_data(bytes("some "));
  defer();
  EXPECT_TRUE(host.kept_requests.empty());
  exchange.on_data(bytes("text"));
  exchange.on_end({});
  ASSERT_EQ(host.kept_requests.size(), 1U);
  const KeptRequest& kept = host.kept_requests[0];
  EXPECT_EQ(kept.method, "POST");
  EXPECT_EQ(kept.rest, "");
  EXPECT_EQ(base::as_text(kept.body), "some text");
  EXPECT_THAT(kept.headers, testing::ElementsAre(base::Header{"accept", "text/plain"},
                                                 base::Header{"idempotency-key", "deferred-7"}));
}

TEST_F(DeferExchangeTest, AfterAttemptsThatFailedAllOfItIsStillThere) {
  start(1);
  exchange.on_data(bytes("some text"));
  exchange.on_end({});
  attempt().receiver->on_failed(transport::StreamError::connect_failed);
  defer();
  ASSERT_EQ(host.kept_requests.size(), 1U);
  EXPECT_EQ(base::as_text(host.kept_requests[0].body), "some text");
}

TEST_F(DeferExchangeTest, WhatIsTooLargeIsNotKept) {
  defer(4);
  exchange.on_data(bytes("some text"));
  EXPECT_TRUE(host.kept_requests.empty());
  ASSERT_EQ(host.count<kernel::CallKept>(), 1U);
  EXPECT_FALSE(std::get<kernel::CallKept>(host.inputs.back()).bytes);
  exchange.on_end({});
  EXPECT_EQ(host.count<kernel::CallKept>(), 1U);
}

TEST_F(DeferExchangeTest, IsAnsweredWithItsPlace) {
  exchange.on_end({});
  defer();
  exchange.accept({.exchange = id,
                   .deferred = mesh::CallId("7"),
                   .left = std::chrono::hours(1),
                   .set = {{"parley-attempts", "0"}}});
  ASSERT_TRUE(caller.head);
  EXPECT_EQ(caller.head->status, 202);
  EXPECT_EQ(base::find_header(caller.head->headers, "location"), "/v1/deferred/7");
  EXPECT_EQ(base::find_header(caller.head->headers, "parley-deferred"), "7");
  EXPECT_THAT(caller.sent, testing::HasSubstr("\"expires_seconds\":3600"));
  EXPECT_TRUE(caller.ended);
}

}  // namespace
}  // namespace node
