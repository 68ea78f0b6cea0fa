#include "tests/node/exchange_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace node {
namespace {

TEST_F(ExchangeTest, SendsTheRequestWithTheHeadersThatTheKernelSets) {
  start(1);
  exchange.on_data(bytes("some "));
  exchange.on_data(bytes("text"));
  exchange.on_end({});
  EXPECT_EQ(host.heads[0].target, "/count");
  EXPECT_THAT(host.heads[0].headers,
              testing::ElementsAre(transport::HeaderField{"accept", "text/plain"},
                                   transport::HeaderField{"parley-call", "c1"}));
  EXPECT_EQ(attempt().sent, "some text");
  EXPECT_TRUE(attempt().ended);
}

TEST_F(ExchangeTest, RepeatsTheBodyFromItsFirstByteForAnotherAttempt) {
  start(1);
  exchange.on_data(bytes("some "));
  attempt().receiver->on_failed(transport::StreamError::connection_lost);
  EXPECT_EQ(host.count<kernel::AttemptFailed>(), 1U);
  start(2);
  EXPECT_EQ(attempt().sent, "some ");
  exchange.on_data(bytes("text"));
  exchange.on_end({});
  EXPECT_EQ(attempt().sent, "some text");
  EXPECT_TRUE(attempt().ended);
}

TEST_F(ExchangeTest, SaysOnceThatABodyOutgrewWhatIsKept) {
  start(1);
  const std::string large(Exchange::kept_body_max, 'x');
  exchange.on_data(bytes(large));
  EXPECT_EQ(host.count<kernel::BodyUnrepeatable>(), 0U);
  exchange.on_data(bytes("y"));
  exchange.on_data(bytes("z"));
  EXPECT_EQ(host.count<kernel::BodyUnrepeatable>(), 1U);
  EXPECT_EQ(attempt().sent.size(), large.size() + 2);
}

TEST_F(ExchangeTest, KeepsAllOfABodyThatNobodyGotYet) {
  const std::string large(Exchange::kept_body_max, 'x');
  exchange.on_data(bytes(large));
  EXPECT_EQ(caller.consumed, large.size());
  exchange.on_data(bytes("yz"));
  EXPECT_EQ(caller.consumed, large.size()) << "the caller may send on although nobody reads";
  EXPECT_EQ(host.count<kernel::BodyUnrepeatable>(), 0U);
  start(1);
  EXPECT_EQ(attempt().sent, large + "yz");
  EXPECT_EQ(caller.consumed, large.size() + 2);
  EXPECT_EQ(host.count<kernel::BodyUnrepeatable>(), 1U);
}

TEST_F(ExchangeTest, PassesAnAnswerOnAsItComes) {
  start(1);
  answer(std::nullopt);
  relay(1, false);
  ASSERT_TRUE(caller.head.has_value());
  EXPECT_EQ(host.count<kernel::AnswerStarted>(), 0U) << "the kernel said so itself";
  attempt().receiver->on_data(bytes("one"));
  EXPECT_EQ(caller.sent, "one");
  attempt().receiver->on_data(bytes("two"));
  attempt().receiver->on_end({});
  EXPECT_EQ(caller.sent, "onetwo");
  EXPECT_TRUE(caller.ended);
  EXPECT_EQ(host.count<kernel::AttemptCompleted>(), 1U);
}

TEST_F(ExchangeTest, HoldsASmallAnswerBackUntilItIsWhole) {
  start(1);
  answer(6);
  relay(1, true);
  attempt().receiver->on_data(bytes("one"));
  EXPECT_FALSE(caller.head.has_value());
  attempt().receiver->on_data(bytes("two"));
  attempt().receiver->on_end({});
  EXPECT_TRUE(caller.head.has_value());
  EXPECT_EQ(caller.sent, "onetwo");
  EXPECT_TRUE(caller.ended);
}

TEST_F(ExchangeTest, ReplacesAProviderThatDiesInTheMiddleOfAHeldAnswer) {
  start(1);
  answer(6);
  relay(1, true);
  attempt().receiver->on_data(bytes("one"));
  attempt().receiver->on_failed(transport::StreamError::connection_lost);
  start(2);
  answer(3);
  relay(2, true);
  attempt().receiver->on_data(bytes("new"));
  attempt().receiver->on_end({});
  EXPECT_EQ(caller.sent, "new");
  EXPECT_TRUE(caller.ended);
}

TEST_F(ExchangeTest, KeepsWhatComesBeforeTheKernelHasDecided) {
  start(1);
  answer(std::nullopt);
  attempt().receiver->on_data(bytes("one"));
  EXPECT_EQ(attempt().consumed, 0U);  // nobody took it: no leave to send more
  attempt().receiver->on_data(bytes("two"));
  attempt().receiver->on_end({});
  EXPECT_FALSE(caller.head.has_value());
  relay(1, false);
  EXPECT_EQ(caller.sent, "onetwo");
  EXPECT_TRUE(caller.ended);
  EXPECT_EQ(attempt().consumed, 6U);
  EXPECT_EQ(host.count<kernel::AttemptCompleted>(), 1U);
}

TEST_F(ExchangeTest, SaysThatAnAnswerStartedWhichCouldNotBeHeld) {
  start(1);
  answer(std::nullopt);
  relay(1, true);
  ASSERT_TRUE(caller.head.has_value());
  EXPECT_EQ(host.count<kernel::AnswerStarted>(), 1U);
}

TEST_F(ExchangeTest, ForgetsAnUndecidedAnswerWithItsAttempt) {
  start(1);
  answer(3);
  attempt().receiver->on_data(bytes("old"));
  exchange.cancel(1);
  start(2);
  answer(3);
  relay(2, true);
  attempt().receiver->on_data(bytes("new"));
  attempt().receiver->on_end({});
  EXPECT_EQ(caller.sent, "new");
}

TEST_F(ExchangeTest, HandsABodyOverBeforeItIsDecidedWhatBecomesOfIt) {
  start(1);
  answer(6);
  attempt().receiver->on_data(bytes("one"));
  EXPECT_EQ(attempt().consumed, 0U) << "nobody has said that it is wanted";
  exchange.inspect({.exchange = id, .attempt = 1, .bytes_max = 10, .idle = std::nullopt});
  EXPECT_EQ(attempt().consumed, 3U);
  attempt().receiver->on_data(bytes("two"));
  EXPECT_EQ(host.count<kernel::AnswerInspected>(), 0U);
  attempt().receiver->on_end({});
  ASSERT_EQ(host.count<kernel::AnswerInspected>(), 1U);
  EXPECT_EQ(caller.sent, "");
  relay(1, true);
  EXPECT_EQ(caller.sent, "onetwo");
  EXPECT_EQ(attempt().consumed, 6U);
}

TEST_F(ExchangeTest, PassesOnWhatIsTooLargeToBeInspected) {
  start(1);
  answer(std::nullopt);
  exchange.inspect({.exchange = id, .attempt = 1, .bytes_max = 4, .idle = std::nullopt});
  attempt().receiver->on_data(bytes("one"));
  attempt().receiver->on_data(bytes("two"));
  EXPECT_EQ(host.count<kernel::AnswerInspected>(), 1U);
  relay(1, false);
  EXPECT_EQ(caller.sent, "onetwo");
  EXPECT_EQ(attempt().consumed, 6U);
}

TEST_F(ExchangeTest, LetsTwoAttemptsRunOnceTheBodyIsWhole) {
  exchange.on_data(bytes("body"));
  start(1, true);
  start(2, true);
  EXPECT_EQ(host.count<kernel::AttemptFailed>(), 1U) << "its body is still on the way";
  exchange.on_end({});
  start(3, true);
  EXPECT_EQ(attempt().sent, "body");
  EXPECT_TRUE(attempt().ended);
  answer(3);
  attempt().receiver->on_data(bytes("new"));
  exchange.cancel(1);
  relay(3, false);
  attempt().receiver->on_end({});
  EXPECT_EQ(caller.sent, "new");
  EXPECT_EQ(host.count<kernel::AttemptCompleted>(), 1U);
}

TEST_F(ExchangeTest, HasNobodyToRelayToWhenTheCallerLeft) {
  start(1);
  answer(3);
  exchange.on_failed(transport::StreamError::cancelled);
  relay(1, false);
  EXPECT_EQ(host.count<kernel::AnswerStarted>(), 0U);
}

TEST_F(ExchangeTest, DoesNotRepeatABodyOfWhichItHasOnlyTheRest) {
  start(1);
  exchange.on_data(bytes(std::string(Exchange::kept_body_max + 1, 'x')));
  start(2);
  EXPECT_EQ(host.attempts.size(), 1U);
  const auto* failed = std::get_if<kernel::AttemptFailed>(&host.inputs.back());
  ASSERT_NE(failed, nullptr);
  EXPECT_EQ(failed->failure, mesh::AttemptFailure::not_sent) << "its agent has not failed";
}

TEST_F(ExchangeTest, DoesNotHoldWhatHasNoKnownSize) {
  start(1);
  answer(std::nullopt);
  relay(1, true);
  EXPECT_TRUE(caller.head.has_value());
}

TEST_F(ExchangeTest, LetsTheCallerSendOnOnlyWhenTheAttemptKeepsUp) {
  start(1);
  exchange.on_data(bytes("abc"));
  EXPECT_EQ(caller.consumed, 3U);
  attempt().unsent = transport::Stream::high_water + 1;
  exchange.on_data(bytes("de"));
  EXPECT_EQ(caller.consumed, 3U);
  attempt().unsent = 0;
  attempt().receiver->on_writable();
  EXPECT_EQ(caller.consumed, 5U);
}

TEST_F(ExchangeTest, LetsTheAgentSendOnOnlyWhenTheCallerKeepsUp) {
  start(1);
  answer(std::nullopt);
  relay(1, false);
  caller.unsent = transport::Stream::high_water + 1;
  attempt().receiver->on_data(bytes("abc"));
  EXPECT_EQ(attempt().consumed, 0U);
  caller.unsent = 0;
  exchange.on_writable();
  EXPECT_EQ(attempt().consumed, 3U);
}

TEST_F(ExchangeTest, TellsOfACallerThatLeft) {
  start(1);
  exchange.on_failed(transport::StreamError::cancelled);
  EXPECT_EQ(host.count<kernel::CallerGone>(), 1U);
  exchange.cancel(1);
  EXPECT_TRUE(attempt().aborted());
}

TEST_F(ExchangeTest, AbortsAnAnswerThatCannotBeCompleted) {
  start(1);
  answer(std::nullopt);
  relay(1, false);
  attempt().receiver->on_data(bytes("half"));
  attempt().receiver->on_failed(transport::StreamError::connection_lost);
  exchange.settle();
  EXPECT_TRUE(caller.aborted());
  EXPECT_TRUE(host.retired);
}

TEST_F(ExchangeTest, AnswersWithAProblemOfTheMesh) {
  exchange.refuse({.exchange = id,
                   .problem = {.code = mesh::ProblemCode::no_capable_agent,
                               .detail = "nobody can text.count",
                               .retry_after = std::nullopt,
                               .path = {}},
                   .set = {}});
  ASSERT_TRUE(caller.head.has_value());
  EXPECT_EQ(caller.head->status, 503);
  EXPECT_EQ(transport::find_header(caller.head->headers, "parley-error"), "no_capable_agent");
  EXPECT_THAT(caller.sent, testing::HasSubstr("urn:parley:error:no_capable_agent"));
  EXPECT_TRUE(caller.ended);
}

TEST_F(ExchangeTest, KeepsAnAnswerForADuplicateAndReplaysIt) {
  exchange.keep_answer();
  start(1);
  answer(3);
  relay(1, true);
  attempt().receiver->on_data(bytes("abc"));
  attempt().receiver->on_end({});
  const KeptAnswer* kept = host.kept.find(id);
  ASSERT_NE(kept, nullptr);

  StreamLog other;
  Exchange duplicate({8}, {}, "/call/text.count", std::make_unique<FakeStream>(other), host);
  duplicate.replay(*kept, {{"parley-call", "c1"}});
  EXPECT_EQ(other.head->status, 200);
  EXPECT_EQ(other.sent, "abc");
  EXPECT_TRUE(other.ended);
}

TEST_F(ExchangeTest, SaysThatThereIsNoWayToTheAgent) {
  host.unreachable = true;
  start(1);
  ASSERT_EQ(host.count<kernel::AttemptFailed>(), 1U);
  EXPECT_EQ(std::get<kernel::AttemptFailed>(host.inputs.back()).failure,
            mesh::AttemptFailure::unreachable);
}

}  // namespace
}  // namespace node
