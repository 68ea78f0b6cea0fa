#include "tests/mesh/data_plane_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mesh {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

class FaultTest : public DataPlaneTest {
 protected:
  void inject(FaultRule rule, std::uint32_t attempts = 3) {
    rule.share = rule.share == 0 ? 1'000'000 : rule.share;
    Policy policy;
    policy.attempts = attempts;
    policy.faults = {std::move(rule)};
    choose(std::move(policy));
  }
  void choose(Policy policy) {
    Options options;
    options.policies = {std::move(policy)};
    plane.on_options(options);
  }
  // What the shell says of the answer that it made up.
  void answer_as_made_up(ExchangeId id, const FabricateAnswer& made_up) {
    const FabricateAnswer copy = made_up;
    answer(id, copy.attempt, copy.status, copy.headers, copy.body.size());
  }
  std::string fault_header() const {
    const auto* relayed = only<RelayAnswer>();
    return relayed == nullptr
               ? "no answer"
               : std::string(find_header(relayed->set, "parley-fault").value_or("absent"));
  }
};

TEST_F(FaultTest, AnAbortIsAnsweredInsteadOfTheAgentAndMarked) {
  inject({.agent = "", .abort = 418, .answer = std::nullopt});
  provide(b, "b");
  const ExchangeId id = call();
  EXPECT_EQ(count<StartAttempt>(), 0U);
  ASSERT_EQ(count<FabricateAnswer>(), 1U);
  EXPECT_EQ(only<FabricateAnswer>()->status, 418);
  answer_as_made_up(id, *only<FabricateAnswer>());
  EXPECT_EQ(fault_header(), "abort");
  complete(id, 1);
  EXPECT_EQ(only<ExchangeSettled>()->outcome, Outcome::success);
  EXPECT_EQ(plane.counters().faults_abort, 1U);
}

TEST_F(FaultTest, TheMeshReactsToAnAbortAsIfItWereReal) {
  inject({.agent = "b", .abort = 503, .answer = std::nullopt});
  provide(b, "b");
  provide(c, "c");
  const ExchangeId id = call({{"parley-prefer", "b"}});
  ASSERT_EQ(count<FabricateAnswer>(), 1U);
  answer_as_made_up(id, *only<FabricateAnswer>());
  EXPECT_EQ(peer_asked(), c);
  answer(id, 2);
  EXPECT_EQ(fault_header(), "abort") << "what was injected is told, although nobody suffers";
}

TEST_F(FaultTest, OnlyTheNamedAgentIsHarmed) {
  inject({.agent = "b", .abort = 503, .answer = std::nullopt});
  provide(c, "c");
  const ExchangeId id = call();
  EXPECT_EQ(peer_asked(), c);
  answer(id, 1);
  EXPECT_EQ(fault_header(), "absent");
}

TEST_F(FaultTest, ADelayComesBeforeTheRequestAndTakesOfItsTime) {
  inject({.agent = "", .delay = milliseconds(400), .abort = std::nullopt, .answer = std::nullopt});
  provide(b, "b");
  const ExchangeId id = call({{"parley-deadline", "1s"}});
  EXPECT_EQ(count<StartAttempt>(), 0U);
  EXPECT_EQ(plane.next_deadline(), now + milliseconds(400));
  pass(milliseconds(399));
  EXPECT_EQ(count<StartAttempt>(), 0U);
  pass(milliseconds(1));
  EXPECT_EQ(peer_asked(), b);
  EXPECT_EQ(set_header("parley-deadline"), "590ms");
  answer(id, 1);
  EXPECT_EQ(fault_header(), "delay");
  EXPECT_EQ(plane.counters().faults_delay, 1U);
}

TEST_F(FaultTest, ADelayLongerThanTheTimeOfATryLetsAnotherAgentAnswer) {
  Policy policy;
  policy.per_try_timeout = milliseconds(100);
  policy.faults = {{.share = 1'000'000,
                    .agent = "b",
                    .delay = seconds(5),
                    .abort = std::nullopt,
                    .answer = std::nullopt}};
  choose(policy);
  provide(b, "b");
  provide(c, "c");
  const ExchangeId id = call({{"parley-prefer", "b"}});
  EXPECT_EQ(count<StartAttempt>(), 0U);
  pass(milliseconds(100));
  EXPECT_EQ(peer_asked(), c);
  answer(id, 2);
  complete(id, 2);
  EXPECT_EQ(only<ExchangeSettled>()->outcome, Outcome::success);
}

TEST_F(FaultTest, AWrongAnswerIsJudgedLikeAnyOther) {
  const std::string error = R"({"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"no"}})";
  inject({.agent = "", .abort = std::nullopt, .answer = error});
  provide(b, "b");
  const ExchangeId id = call();
  ASSERT_EQ(count<FabricateAnswer>(), 1U);
  EXPECT_EQ(only<FabricateAnswer>()->body, error);
  answer_as_made_up(id, *only<FabricateAnswer>());
  ASSERT_EQ(count<InspectAnswer>(), 1U);
  effects.clear();
  plane.on_inspected(id, 1, error, now, effects);
  sort_out_phases();
  EXPECT_EQ(fault_header(), "answer");
  complete(id, 1);
  EXPECT_EQ(only<ExchangeSettled>()->outcome, Outcome::application_error);
}

TEST_F(FaultTest, HitsAsManyAttemptsAsItsShareSays) {
  inject({.share = 250'000, .agent = "", .abort = 418, .answer = std::nullopt});
  provide(b, "b");
  int hit = 0;
  for (int i = 0; i < 4'000; ++i) {
    const ExchangeId id = call();
    if (count<FabricateAnswer>() == 1) {
      ++hit;
      answer_as_made_up(id, *only<FabricateAnswer>());
    } else {
      answer(id, 1);
    }
    complete(id, 1);
  }
  EXPECT_NEAR(hit, 1'000, 120);
}

TEST_F(FaultTest, ACallForAPeerIsNotHarmedHere) {
  inject({.agent = "", .abort = 503, .answer = std::nullopt});
  serve();
  call_from(b, {{"parley-call", call_id}});
  EXPECT_TRUE(agent_asked());
}

TEST_F(FaultTest, TheAgentsHealthChecksAreNotHarmed) {
  inject({.agent = "", .abort = 503, .answer = std::nullopt});
  serve(0, "/healthz");
  pass(minutes(1));
  EXPECT_EQ(count<ProbeAgent>(), 1U);
  EXPECT_EQ(count<FabricateAnswer>(), 0U);
}

TEST_F(FaultTest, AProblemOfTheMeshTellsOfTheFaultToo) {
  inject({.agent = "", .delay = seconds(5), .abort = std::nullopt, .answer = std::nullopt});
  provide(b, "b");
  call({{"parley-deadline", "1s"}});
  pass(seconds(1));
  ASSERT_EQ(count<RefuseExchange>(), 1U);
  EXPECT_EQ(find_header(only<RefuseExchange>()->set, "parley-fault"), "delay");
}

// ---- answers that stop in the middle ----

TEST_F(FaultTest, ASilentAnswerThatWasHeldBackIsReplaced) {
  Policy policy;
  policy.idle_timeout = seconds(2);
  choose(policy);
  provide(b, "b");
  provide(c, "c");
  const ExchangeId id = call();
  const base::NodeId first = peer_asked();
  answer(id, 1);
  ASSERT_NE(only<RelayAnswer>(), nullptr);
  EXPECT_EQ(only<RelayAnswer>()->idle, seconds(2));
  fail(id, 1, AttemptFailure::silent);
  EXPECT_EQ(peer_asked(), first == b ? c : b);
  EXPECT_EQ(plane.counters().idle_timeouts, 1U);
}

TEST_F(FaultTest, ASilentAnswerOfWhichNothingLeftIsAClearError) {
  Policy policy;
  policy.retry_on = RetryReasons{};
  policy.idle_timeout = seconds(2);
  choose(policy);
  provide(b, "b");
  const ExchangeId id = call();
  answer(id, 1);
  fail(id, 1, AttemptFailure::silent);
  EXPECT_THAT(refusal(), HasSubstr("deadline_exceeded"));
  EXPECT_THAT(refusal(), HasSubstr("timeout.idle"));
}

TEST_F(FaultTest, ASilentStreamEndsTheExchange) {
  Policy policy;
  policy.idle_timeout = seconds(2);
  choose(policy);
  provide(b, "b");
  const ExchangeId id = call();
  answer(id, 1, 200, {{"content-type", "text/event-stream"}}, std::nullopt);
  fail(id, 1, AttemptFailure::silent);
  EXPECT_EQ(count<RefuseExchange>(), 0U);
  ASSERT_EQ(count<ExchangeSettled>(), 1U);
  EXPECT_EQ(only<ExchangeSettled>()->outcome, Outcome::mesh_error);
}

// ---- the time of a workflow ----

class WorkflowTest : public FaultTest {
 protected:
  WorkflowTest() {
    Policy policy;
    policy.workflow_timeout = seconds(30);
    choose(policy);
    provide(b, "b");
  }
};

TEST_F(WorkflowTest, ItsCallsShareOneTime) {
  serve_whole(call({{"traceparent", trace}}));
  pass(seconds(20));
  const ExchangeId second = call({{"traceparent", trace}});
  EXPECT_EQ(set_header("parley-deadline"), "9990ms");
  serve_whole(second);
  pass(seconds(10));
  call({{"traceparent", trace}});
  EXPECT_THAT(refusal(), HasSubstr("deadline_exceeded: The calls of the trace 4bf92f35"));
}

TEST_F(WorkflowTest, CallsOfOtherTracesHaveTheirOwn) {
  serve_whole(call({{"traceparent", trace}}));
  pass(seconds(40));
  call({{"traceparent", "00-11111111111111111111111111111111-00f067aa0ba902b7-01"}});
  EXPECT_EQ(set_header("parley-deadline"), "29990ms");
  call();
  EXPECT_EQ(set_header("parley-deadline"), "29990ms");
}

TEST_F(WorkflowTest, ATraceThatIsUsedAgainMuchLaterIsANewOne) {
  serve_whole(call({{"traceparent", trace}}));
  pass(minutes(61));
  call({{"traceparent", trace}});
  EXPECT_EQ(count<StartAttempt>(), 1U);
}

}  // namespace
}  // namespace mesh
