#include "tests/mesh/data_plane_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mesh {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// ---- retry ----

TEST_F(DataPlaneTest, TellsThePhasesOfACall) {
  provide(b, "b");
  provide(c, "c");
  const ExchangeId id = call();
  fail(id, 1, AttemptFailure::unreachable);
  answer(id, 2);
  complete(id, 2);
  EXPECT_THAT(phases, ElementsAre("arrived -> attempting", "attempting -> attempting",
                                  "attempting -> answering", "answering -> settled"));
}

TEST_F(DataPlaneTest, TellsThePhasesOfACallThatNobodyTakes) {
  call();
  EXPECT_THAT(phases, ElementsAre("arrived -> settled"));
}

// ---- a provider that may be gone ----

TEST_F(DataPlaneTest, TakesWhatMayBeRepeatedAwayFromASuspect) {
  provide(b, "b");
  provide(c, "c");
  const ExchangeId id = call();
  const base::NodeId first = peer_asked();
  effects.clear();
  provide(first, "first", Availability::suspect);
  ASSERT_THAT(effects, SizeIs(2));
  EXPECT_EQ(effects[0], (Effect{CancelAttempt{id, 1}}));
  EXPECT_EQ(peer_asked(), first == b ? c : b);
  serve_whole(id, 2);
  EXPECT_EQ(only<ExchangeSettled>()->outcome, Outcome::success);
}

TEST_F(DataPlaneTest, TakesAnAnswerThatIsHeldBackAwayFromASuspect) {
  provide(b, "b");
  provide(c, "c");
  const ExchangeId id = call();
  const base::NodeId first = peer_asked();
  answer(id, 1);
  ASSERT_TRUE(only<RelayAnswer>()->hold);
  effects.clear();
  provide(first, "first", Availability::suspect);
  EXPECT_EQ(count<StartAttempt>(), 1U);
}

TEST_F(DataPlaneTest, WaitsForASuspectIfTheCallMayNotBeRepeated) {
  provide(b, "b");
  provide(c, "c");
  const ExchangeId id = call({}, "POST");
  const base::NodeId first = peer_asked();
  effects.clear();
  provide(first, "first", Availability::suspect);
  EXPECT_THAT(effects, IsEmpty());
  serve_whole(id);
  EXPECT_EQ(only<ExchangeSettled>()->outcome, Outcome::success);
}

TEST_F(DataPlaneTest, WaitsForASuspectIfNobodyElseIsBetter) {
  provide(b, "b");
  const ExchangeId id = call();
  provide(c, "c", Availability::suspect);
  effects.clear();
  provide(b, "b", Availability::suspect);
  EXPECT_THAT(effects, IsEmpty());
  // When it turns out to be dead, the other one is better than nothing.
  fail(id, 1, AttemptFailure::broken);
  EXPECT_EQ(peer_asked(), c);
}

// A suspicion may be mistaken; whoever could not be reached is not there.
TEST_F(DataPlaneTest, AsksASuspectBeforeOneThatItCouldNotReach) {
  provide(b, "b");
  provide(c, "c", Availability::suspect);
  const ExchangeId id = call();
  ASSERT_EQ(peer_asked(), b);
  fail(id, 1, AttemptFailure::unreachable);
  EXPECT_EQ(peer_asked(), c);
  fail(id, 2, AttemptFailure::unreachable);
  pass(seconds(1));
  EXPECT_EQ(peer_asked(), b) << "they take turns";
}

TEST_F(DataPlaneTest, TriesAnotherNodeWhenOneCannotBeReached) {
  provide(b, "b");
  provide(c, "c");
  const ExchangeId id = call({}, "POST");
  const base::NodeId first = peer_asked();
  EXPECT_TRUE(only<StartAttempt>()->keep_body);
  fail(id, 1, AttemptFailure::unreachable);
  ASSERT_EQ(count<StartAttempt>(), 1U);
  EXPECT_EQ(peer_asked(), first == b ? c : b);
  EXPECT_EQ(only<StartAttempt>()->attempt, 2U);
  serve_whole(id, 2);
  EXPECT_EQ(only<ExchangeSettled>()->attempts, 2U);
}

TEST_F(DataPlaneTest, AsksTheSameNodeAgainAfterAWhileIfThereIsNobodyElse) {
  provide(b, "b");
  const ExchangeId id = call();
  fail(id, 1, AttemptFailure::unreachable);
  EXPECT_EQ(count<StartAttempt>(), 0U);
  EXPECT_EQ(refusal(), "none");
  pass(milliseconds(25));  // at most, as chance has it
  EXPECT_EQ(peer_asked(), b);
  fail(id, 2, AttemptFailure::unreachable);
  pass(milliseconds(50));
  EXPECT_EQ(only<StartAttempt>()->attempt, 3U);
  EXPECT_TRUE(only<StartAttempt>()->last);
  fail(id, 3, AttemptFailure::unreachable);
  EXPECT_EQ(refusal(),
            "agent_unreachable: All attempts failed (b: unreachable; b: unreachable; b: "
            "unreachable).");
  EXPECT_THAT(phases, ElementsAre("arrived -> attempting", "attempting -> backing_off",
                                  "backing_off -> attempting", "attempting -> backing_off",
                                  "backing_off -> attempting", "attempting -> settled"));
}

TEST_F(DataPlaneTest, TellsANodeWhoseAnswerWasNotTakenThatItIsAskedAgain) {
  provide(b, "b");
  const ExchangeId id = call();
  EXPECT_EQ(set_header("parley-again"), "absent");
  answer(id, 1, 500);
  pass(milliseconds(25));
  EXPECT_EQ(set_header("parley-again"), "1");
}

TEST_F(DataPlaneTest, TellsANodeWhoseLastAnswerWasNotSeenNothingOfAnEarlierOne) {
  provide(b, "b");
  const ExchangeId id = call({{"idempotency-key", "k1"}});
  answer(id, 1, 500);
  pass(milliseconds(25));
  fail(id, 2, AttemptFailure::broken);  // perhaps a good answer is there
  pass(milliseconds(50));
  EXPECT_EQ(only<StartAttempt>()->attempt, 3U);
  EXPECT_EQ(set_header("parley-again"), "absent");
}

TEST_F(DataPlaneTest, RemembersThatAnAnswerWasNotTakenWhenTheNodeDidNotRunItAgain) {
  provide(b, "b");
  const ExchangeId id = call({{"idempotency-key", "k1"}});
  answer(id, 1, 500);
  pass(milliseconds(25));
  fail(id, 2, AttemptFailure::unreachable);
  pass(milliseconds(50));
  EXPECT_EQ(only<StartAttempt>()->attempt, 3U);
  EXPECT_EQ(set_header("parley-again"), "1");
}

TEST_F(DataPlaneTest, RepeatsWhatMayHaveRunOnlyIfThatDoesNoHarm) {
  provide(b, "b");
  provide(c, "c");
  ExchangeId id = call({}, "POST");
  fail(id, 1, AttemptFailure::broken);
  EXPECT_EQ(count<StartAttempt>(), 0U);
  EXPECT_THAT(refusal(), HasSubstr("agent_unreachable"));
  pass(minutes(1));  // penalties are over
  id = call({{"idempotency-key", "k1"}}, "POST");
  fail(id, 1, AttemptFailure::broken);
  EXPECT_EQ(count<StartAttempt>(), 1U);
}

TEST_F(DataPlaneTest, TakesARefusalByThePeersNodeElsewhere) {
  provide(b, "b");
  provide(c, "c");
  const ExchangeId id = call({}, "POST");
  answer(id, 1, 503, {{"parley-error", "overloaded"}, {"parley-not-processed", "1"}});
  ASSERT_THAT(effects, SizeIs(2));
  EXPECT_EQ(effects[0], (Effect{CancelAttempt{id, 1}}));
  EXPECT_EQ(only<StartAttempt>()->attempt, 2U);
  answer(id, 2, 503, {{"parley-error", "overloaded"}, {"parley-not-processed", "1"}});
  EXPECT_EQ(count<CancelAttempt>(), 1U);
  pass(milliseconds(50));
  answer(id, 3, 503, {{"parley-error", "overloaded"}, {"parley-not-processed", "1"}});
  pass(milliseconds(50));  // the first one does not count, as somebody else had a place
  answer(id, 4, 503, {{"parley-error", "overloaded"}, {"parley-not-processed", "1"}});
  EXPECT_THAT(refusal(), HasSubstr("overloaded: All attempts failed ("));
  EXPECT_THAT(refusal(), HasSubstr("b: overloaded"));
  EXPECT_THAT(refusal(), HasSubstr("c: overloaded"));
  EXPECT_EQ(only<RefuseExchange>()->problem.retry_after, seconds(1));
}

TEST_F(DataPlaneTest, RetriesWhatTheAgentsServerFailsAtButNotWhatItRefuses) {
  provide(b, "b");
  provide(c, "c");
  ExchangeId id = call();
  answer(id, 1, 503);
  EXPECT_EQ(count<StartAttempt>(), 1U);
  id = call();
  answer(id, 1, 500);
  EXPECT_EQ(count<StartAttempt>(), 1U);
  id = call();
  answer(id, 1, 422);
  EXPECT_EQ(count<RelayAnswer>(), 1U);
  id = call({}, "POST");
  answer(id, 1, 503);
  EXPECT_EQ(count<RelayAnswer>(), 1U);
}

TEST_F(DataPlaneTest, PassesTheLast503OnAsItIs) {
  provide(b, "b");
  const ExchangeId id = call();
  answer(id, 1, 503);
  pass(milliseconds(25));
  answer(id, 2, 503);
  pass(milliseconds(50));
  answer(id, 3, 503);
  EXPECT_EQ(count<RelayAnswer>(), 1U);
}

TEST_F(DataPlaneTest, StopsAfterThreeAttempts) {
  for (std::uint8_t i = 1; i < 9; ++i) provide(node_of(i), "n" + std::to_string(i));
  const ExchangeId id = call();
  fail(id, 1, AttemptFailure::unreachable);
  fail(id, 2, AttemptFailure::unreachable);
  pass(milliseconds(50));
  fail(id, 3, AttemptFailure::unreachable);
  EXPECT_EQ(count<StartAttempt>(), 0U);
  EXPECT_THAT(refusal(), HasSubstr("agent_unreachable: All attempts failed"));
}

TEST_F(DataPlaneTest, HoldsASmallAnswerSoThatItsProviderMayStillDie) {
  provide(b, "b");
  provide(c, "c");
  const ExchangeId id = call();
  answer(id, 1, 200, {}, 1000);
  EXPECT_TRUE(only<RelayAnswer>()->hold);
  fail(id, 1, AttemptFailure::broken);
  EXPECT_EQ(only<StartAttempt>()->attempt, 2U);
  answer(id, 2, 200, {}, 1'000'000);
  EXPECT_FALSE(only<RelayAnswer>()->hold);
  fail(id, 2, AttemptFailure::broken);
  EXPECT_EQ(count<StartAttempt>(), 0U);
  EXPECT_EQ(count<RefuseExchange>(), 0U);  // too late for another answer
  EXPECT_EQ(only<ExchangeSettled>()->outcome, Outcome::mesh_error);
}

TEST_F(DataPlaneTest, NeverRetriesOnceTheAnswerBeganOrTheBodyIsGone) {
  provide(b, "b");
  provide(c, "c");
  ExchangeId id = call();
  answer(id, 1);
  plane.on_answer_started(id);
  fail(id, 1, AttemptFailure::broken);
  EXPECT_EQ(count<StartAttempt>(), 0U);
  pass(minutes(1));
  id = call();
  plane.on_unrepeatable(id);
  fail(id, 1, AttemptFailure::unreachable);
  EXPECT_EQ(count<StartAttempt>(), 0U);
  EXPECT_EQ(count<RefuseExchange>(), 1U);
}

TEST_F(DataPlaneTest, AvoidsANodeForAWhileAfterItFailed) {
  provide(b, "b");
  provide(c, "c");
  const ExchangeId id = call({{"parley-prefer", "b"}});
  fail(id, 1, AttemptFailure::broken);
  for (int i = 0; i < 10; ++i) {
    call({{"parley-prefer", "b"}});
    EXPECT_EQ(peer_asked(), c);
  }
  pass(milliseconds(1'001));
  call({{"parley-prefer", "b"}});
  EXPECT_EQ(peer_asked(), b);
}

}  // namespace
}  // namespace mesh
