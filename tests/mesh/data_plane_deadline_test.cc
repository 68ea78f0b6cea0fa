#include "tests/mesh/data_plane_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mesh {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// ---- deadlines ----

TEST_F(DataPlaneTest, RefusesWhenTheTimeIsUp) {
  provide(b, "b");
  const ExchangeId id = call({{"parley-deadline", "2s"}});
  EXPECT_EQ(set_header("parley-deadline"), "1990ms");
  EXPECT_EQ(set_header("parley-deadline-scope"), "absent");
  EXPECT_EQ(plane.next_deadline(), now + seconds(2));
  pass(milliseconds(1'999));
  EXPECT_THAT(effects, IsEmpty());
  pass(milliseconds(1));
  ASSERT_THAT(effects, SizeIs(3));
  EXPECT_EQ(effects[0], (Effect{CancelAttempt{id, 1}}));
  EXPECT_EQ(refusal(), "deadline_exceeded: No answer within 2s; attempts: b: no answer yet.");
  EXPECT_EQ(only<ExchangeSettled>()->status, 504);
}

TEST_F(DataPlaneTest, ReadsTheTimeoutOfGrpcAndShrinksIt) {
  provide(b, "b");
  call({{"grpc-timeout", "100m"}});
  EXPECT_EQ(set_header("parley-deadline"), "95ms");
  EXPECT_EQ(set_header("grpc-timeout"), "95m");
}

TEST_F(DataPlaneTest, StartsNothingLate) {
  provide(b, "b");
  call({{"parley-deadline", "1ms"}});
  EXPECT_EQ(count<StartAttempt>(), 0U);
  EXPECT_THAT(refusal(), HasSubstr("deadline_exceeded"));
}

TEST_F(DataPlaneTest, DoesNotRetryWithoutTimeLeft) {
  provide(b, "b");
  provide(c, "c");
  const ExchangeId id = call({{"parley-deadline", "100ms"}});
  now = now + microseconds(99'500);
  fail(id, 1, AttemptFailure::unreachable);
  EXPECT_EQ(count<StartAttempt>(), 0U);
  EXPECT_EQ(count<RefuseExchange>(), 1U);
}

TEST_F(DataPlaneTest, AStreamOutlivesADeadlineThatNobodyAskedFor) {
  provide(b, "b");
  const ExchangeId id = call();
  answer(id, 1, 200, {{"content-type", "text/event-stream"}}, std::nullopt);
  pass(minutes(10));
  EXPECT_THAT(effects, IsEmpty());
  complete(id, 1);
  EXPECT_EQ(only<ExchangeSettled>()->outcome, Outcome::success);
}

TEST_F(DataPlaneTest, AStreamEndsWithTheDeadlineThatItsCallerAskedFor) {
  provide(b, "b");
  const ExchangeId id = call({{"parley-deadline", "5s"}});
  answer(id, 1, 200, {}, std::nullopt);
  pass(seconds(5));
  ASSERT_THAT(effects, SizeIs(2));
  EXPECT_EQ(effects[0], (Effect{CancelAttempt{id, 1}}));
  EXPECT_EQ(only<ExchangeSettled>()->status, 200);
}

TEST_F(DataPlaneTest, AStreamServedForAPeerFollowsTheScopeThatThePeerNames) {
  serve();
  const ExchangeId id =
      call_from(b, {{"parley-deadline", "5s"}, {"parley-deadline-scope", "head"}});
  answer(id, 1, 200, {}, std::nullopt);
  pass(seconds(6));
  EXPECT_THAT(effects, IsEmpty());
}

// ---- nested calls and cycles ----

TEST_F(DataPlaneTest, ACallMadeWhileServingInheritsPathAndTime) {
  serve();
  provide(c, "c", Availability::serving, "other");
  call_from(b, {{"parley-call", call_id}, {"parley-path", hop_b}, {"parley-deadline", "1s"}});
  call({{"parley-call", call_id}, {"parley-deadline", "10s"}}, "GET", FromAgent{}, "other");
  EXPECT_EQ(peer_asked(), c);
  EXPECT_EQ(set_header("parley-path"), hop_b + "," + hop_a);
  EXPECT_EQ(set_header("parley-deadline"), "990ms");
  EXPECT_NE(set_header("parley-call"), call_id);
}

TEST_F(DataPlaneTest, ACallMadeWhileServingIsKnownByItsTraceToo) {
  serve();
  provide(c, "c", Availability::serving, "other");
  call_from(b, {{"traceparent", trace}, {"parley-path", hop_b}});
  call({{"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-1111111111111111-01"}}, "GET",
       FromAgent{}, "other");
  EXPECT_EQ(set_header("parley-path"), hop_b + "," + hop_a);
}

TEST_F(DataPlaneTest, DoesNotBelieveAnAgentAboutThePath) {
  provide(b, "b");
  call({{"parley-path", hop_b}, {"parley-caller", "somebody"}});
  EXPECT_EQ(peer_asked(), b);
  EXPECT_EQ(set_header("parley-path"), hop_a);
  EXPECT_EQ(set_header("parley-caller"), "");
}

TEST_F(DataPlaneTest, RefusesACallThatWouldComeBack) {
  serve();
  provide(b, "b", Availability::serving, "other");
  call_from(b, {{"parley-call", call_id}, {"parley-path", hop_c + "," + hop_b}});
  call({{"parley-call", call_id}}, "GET", FromAgent{}, "other");
  EXPECT_THAT(refusal(), HasSubstr("cycle_detected"));
  EXPECT_THAT(only<RefuseExchange>()->problem.path, ElementsAre(hop_c, "b", "a"));
}

TEST_F(DataPlaneTest, GoesAroundANodeInThePathIfAnotherIsAble) {
  serve();
  provide(b, "b", Availability::serving, "other");
  provide(c, "c", Availability::serving, "other");
  call_from(b, {{"parley-call", call_id}, {"parley-path", hop_b}});
  for (int i = 0; i < 10; ++i) {
    call({{"parley-call", call_id}}, "GET", FromAgent{}, "other");
    EXPECT_EQ(peer_asked(), c);
  }
}

TEST_F(DataPlaneTest, RefusesAPeersCallThatPassedHereBefore) {
  serve();
  call_from(b, {{"parley-path", hop_a + "," + hop_b}});
  EXPECT_THAT(refusal(), HasSubstr("cycle_detected"));
  EXPECT_THAT(only<RefuseExchange>()->problem.path, ElementsAre("a", hop_b, "a"));
  EXPECT_FALSE(marked_not_processed());
}

TEST_F(DataPlaneTest, RefusesAPathLongerThanItsBound) {
  serve();
  std::string path = hop_b;
  for (int i = 0; i < 32; ++i) path += "," + hop_c;
  call_from(b, {{"parley-path", path}});
  EXPECT_THAT(refusal(), HasSubstr("cycle_detected: The call has passed more than 32"));
}

}  // namespace
}  // namespace mesh
