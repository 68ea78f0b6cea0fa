#include "mesh/data_plane.h"

#include "base/match.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

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

base::NodeId node_of(std::uint8_t number) {
  base::NodeId node;
  node.bytes.fill(std::byte{number});
  return node;
}
const base::NodeId a = node_of(0xaa);
const base::NodeId b = node_of(0xbb);
const base::NodeId c = node_of(0xcc);
const base::NodeId d = node_of(0xdd);

AgentDescriptor agent_with(std::string capability) {
  Capability out;
  out.name = std::move(capability);
  AgentDescriptor descriptor;
  descriptor.capabilities.push_back(std::move(out));
  return descriptor;
}

// Node a, told what it hears; keeps the effects of the last input.
class DataPlaneTest : public testing::Test {
 protected:
  explicit DataPlaneTest(Options options = {}) : plane(std::move(options), a, "a", base::Rng(7)) {}

  void provide(const base::NodeId& node, std::string name,
               Availability availability = Availability::serving,
               std::string capability = "text.count") {
    plane.on_provider(
        node,
        {.name = std::move(name),
         .availability = availability,
         .load = {},
         .descriptor = std::make_shared<const AgentDescriptor>(agent_with(std::move(capability)))},
        now);
  }
  void serve(std::uint32_t concurrency = 0, std::string health_path = "") {
    AgentDescriptor descriptor = agent_with("text.count");
    descriptor.capabilities[0].path = "/count";
    descriptor.concurrency = concurrency;
    descriptor.health.path = std::move(health_path);
    effects.clear();
    plane.on_agent(std::move(descriptor), now, effects);
  }
  ExchangeId call(Headers headers = {}, std::string method = "GET", Origin origin = FromAgent{},
                  std::string capability = "text.count") {
    effects.clear();
    const ExchangeId id{++last_id};
    plane.on_call(id, origin,
                  {.capability = std::move(capability),
                   .method = std::move(method),
                   .rest = "/x?y=1",
                   .headers = std::move(headers),
                   .body_size = 0},
                  now, effects);
    return id;
  }
  ExchangeId call_from(const base::NodeId& peer, Headers headers = {}, std::string method = "GET") {
    return call(std::move(headers), std::move(method), FromPeer{peer});
  }
  void answer(ExchangeId id, std::uint32_t attempt, int status = 200, Headers headers = {},
              std::optional<std::uint64_t> size = 10) {
    effects.clear();
    plane.on_answered(id, attempt,
                      {.status = status, .headers = std::move(headers), .body_size = size}, now,
                      effects);
  }
  void complete(ExchangeId id, std::uint32_t attempt) {
    effects.clear();
    plane.on_completed(id, attempt, now, effects);
  }
  void fail(ExchangeId id, std::uint32_t attempt, AttemptFailure failure) {
    effects.clear();
    plane.on_failed(id, attempt, failure, now, effects);
  }
  void pass(base::Duration duration) {
    now = now + duration;
    effects.clear();
    plane.on_time(now, effects);
  }
  void serve_whole(ExchangeId id, std::uint32_t attempt = 1) {
    answer(id, attempt);
    plane.on_answer_started(id);
    complete(id, attempt);
  }

  template <class Kind>
  const Kind* only() const {
    const Kind* found = nullptr;
    for (const Effect& effect : effects) {
      if (const auto* kind = std::get_if<Kind>(&effect)) {
        EXPECT_EQ(found, nullptr) << "more than one";
        found = kind;
      }
    }
    return found;
  }
  template <class Kind>
  std::size_t count() const {
    std::size_t out = 0;
    for (const Effect& effect : effects) out += std::holds_alternative<Kind>(effect) ? 1U : 0U;
    return out;
  }
  // The peer that an attempt was started at; the zero id if at none.
  base::NodeId peer_asked() const {
    const auto* start = only<StartAttempt>();
    if (start == nullptr || !std::holds_alternative<ToPeer>(start->to)) return {};
    return std::get<ToPeer>(start->to).node;
  }
  bool agent_asked() const {
    const auto* start = only<StartAttempt>();
    return start != nullptr && std::holds_alternative<ToAgent>(start->to);
  }
  std::string set_header(std::string_view name) const {
    const auto* start = only<StartAttempt>();
    if (start == nullptr) return "no attempt";
    return std::string(find_header(start->set, name).value_or("absent"));
  }
  // The code and detail of the refusal in the last effects.
  std::string refusal() const {
    const auto* refused = only<RefuseExchange>();
    if (refused == nullptr) return "none";
    return std::string(to_string(refused->problem.code)) + ": " + refused->problem.detail;
  }
  bool marked_not_processed() const {
    const auto* refused = only<RefuseExchange>();
    return refused != nullptr && find_header(refused->set, "parley-not-processed") == "1";
  }

  base::Instant now = base::Instant::from_nanoseconds(1'000'000'000'000);
  DataPlane plane;
  Effects effects;
  std::uint64_t last_id = 0;
};

const std::string hop_a = "aaaaaaaaaaaaaaaa";
const std::string hop_b = "bbbbbbbbbbbbbbbb";
const std::string hop_c = "cccccccccccccccc";
const std::string call_id = "0123456789abcdef0123456789abcdef";
const std::string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

// ---- the life of a call ----

TEST_F(DataPlaneTest, CarriesACallToAPeerAndSettlesIt) {
  provide(b, "b");
  const ExchangeId id = call({{"traceparent", trace}});
  const auto* start = only<StartAttempt>();
  ASSERT_NE(start, nullptr);
  const std::string call_header = set_header("parley-call");
  const std::string span = set_header("traceparent");
  EXPECT_EQ(effects, (Effects{StartAttempt{.exchange = id,
                                           .attempt = 1,
                                           .to = ToPeer{b},
                                           .set = {{"parley-call", call_header},
                                                   {"parley-path", hop_a},
                                                   {"parley-deadline", "29990ms"},
                                                   {"parley-deadline-scope", "head"},
                                                   {"traceparent", span}},
                                           .keep_body = false}}));
  EXPECT_THAT(call_header, SizeIs(32));
  EXPECT_THAT(span, HasSubstr("4bf92f3577b34da6a3ce929d0e0e4736"));
  EXPECT_NE(span, trace);

  now = now + milliseconds(5);
  answer(id, 1);
  EXPECT_EQ(effects,
            (Effects{RelayAnswer{
                id,
                1,
                {{"parley-call", call_header}, {"parley-attempts", "1"}, {"parley-served-by", "b"}},
                false}}));
  complete(id, 1);
  EXPECT_EQ(effects, (Effects{ExchangeSettled{.exchange = id,
                                              .outcome = Outcome::success,
                                              .status = 200,
                                              .attempts = 1,
                                              .call = call_header,
                                              .capability = "text.count",
                                              .source = "a",
                                              .destination = "b",
                                              .took = milliseconds(5)}}));
  EXPECT_EQ(plane.exchanges(), 0U);
}

TEST_F(DataPlaneTest, ServesAPeersCallAtItsOwnAgentAndSaysWhoCalls) {
  serve();
  provide(b, "b", Availability::serving, "other");
  const ExchangeId id = call_from(b, {{"parley-call", call_id},
                                      {"parley-path", hop_b},
                                      {"parley-deadline", "1s"},
                                      {"traceparent", trace}});
  EXPECT_EQ(effects, (Effects{StartAttempt{.exchange = id,
                                           .attempt = 1,
                                           .to = ToAgent{"/count/x?y=1"},
                                           .set = {{"parley-call", call_id},
                                                   {"parley-caller", b.hex() + " b"},
                                                   {"parley-deadline", "990ms"},
                                                   {"traceparent", set_header("traceparent")},
                                                   {"parley-path", ""}},
                                           .keep_body = false}}));
  EXPECT_EQ(plane.in_flight(), 1U);
  serve_whole(id);
  EXPECT_EQ(plane.in_flight(), 0U);
}

TEST_F(DataPlaneTest, TheOwnAgentIsACandidateWithoutALink) {
  serve();
  call();
  EXPECT_TRUE(agent_asked());
  EXPECT_EQ(set_header("parley-caller"), a.hex() + " a");
}

TEST_F(DataPlaneTest, IgnoresWhatConcernsNoLivingAttempt) {
  provide(b, "b");
  const ExchangeId id = call();
  answer(id, 2);
  EXPECT_THAT(effects, IsEmpty());
  fail(ExchangeId{99}, 1, AttemptFailure::broken);
  EXPECT_THAT(effects, IsEmpty());
  complete(id, 1);  // not answered yet
  EXPECT_THAT(effects, IsEmpty());
  serve_whole(id);
  fail(id, 1, AttemptFailure::broken);
  EXPECT_THAT(effects, IsEmpty());
}

TEST_F(DataPlaneTest, DoesNotBelieveAnAgentThatSpeaksForTheMesh) {
  serve();
  const ExchangeId id = call();
  answer(id, 1, 502, {{"parley-error", "overloaded"}, {"parley-not-processed", "1"}});
  const auto* relayed = only<RelayAnswer>();
  ASSERT_NE(relayed, nullptr);
  EXPECT_EQ(find_header(relayed->set, "parley-error"), "");
  EXPECT_EQ(find_header(relayed->set, "parley-not-processed"), "");
  complete(id, 1);
  EXPECT_EQ(only<ExchangeSettled>()->outcome, Outcome::application_error);
}

TEST_F(DataPlaneTest, ACallerThatGoesAwayCancelsTheAttempt) {
  provide(b, "b");
  const ExchangeId id = call();
  effects.clear();
  plane.on_caller_gone(id, now, effects);
  ASSERT_THAT(effects, SizeIs(2));
  EXPECT_EQ(effects[0], (Effect{CancelAttempt{id, 1}}));
  EXPECT_EQ(only<ExchangeSettled>()->outcome, Outcome::caller_gone);
}

// ---- nobody to ask ----

TEST_F(DataPlaneTest, SaysThatNobodyHasTheCapabilityAndWhatWasMeant) {
  provide(b, "b");
  call({}, "GET", FromAgent{}, "text.cuont");
  EXPECT_EQ(
      refusal(),
      "no_capable_agent: No agent has the capability 'text.cuont'. Did you mean 'text.count'?");
  EXPECT_EQ(only<ExchangeSettled>()->status, 503);
}

TEST_F(DataPlaneTest, SaysThatNobodyMeetsTheRequirements) {
  provide(b, "b");
  call({{"parley-require", "version>=2"}});
  EXPECT_EQ(
      refusal(),
      "no_capable_agent: No agent of 1 with the capability 'text.count' meets the requirements "
      "'version>=2'.");
}

TEST_F(DataPlaneTest, SaysThatEverybodyIsUnavailable) {
  provide(b, "b", Availability::draining);
  provide(c, "c", Availability::dead);
  provide(d, "d", Availability::left);
  call();
  EXPECT_THAT(refusal(), HasSubstr("no_capable_agent: No agent of 3"));
  EXPECT_THAT(refusal(), HasSubstr("draining, left or dead"));
}

TEST_F(DataPlaneTest, RefusesWordsThatItCannotRead) {
  provide(b, "b");
  call({{"parley-require", "warehouse=A;proficiency>=wizard"}});
  EXPECT_THAT(refusal(), HasSubstr("bad_request: Parley-Require: proficiency is novice"));
  EXPECT_THAT(refusal(), HasSubstr("character 13"));
  call({{"parley-deadline", "soon"}});
  EXPECT_THAT(refusal(), HasSubstr("bad_request: Parley-Deadline is a duration"));
  call({{"grpc-timeout", "5x"}});
  EXPECT_THAT(refusal(), HasSubstr("bad_request: grpc-timeout"));
  call({{"parley-policy", "fastest"}});
  EXPECT_THAT(refusal(), HasSubstr("bad_request: Parley-Policy"));
  call({}, "GET", FromAgent{}, "no/name");
  EXPECT_THAT(refusal(), HasSubstr("bad_request: A capability"));
}

// ---- choosing ----

TEST_F(DataPlaneTest, AvoidsWhoeverIsNotServingWhileSomebodyIs) {
  provide(b, "b", Availability::at_capacity);
  provide(c, "c", Availability::suspect);
  provide(d, "d");
  for (int i = 0; i < 20; ++i) {
    serve_whole(call());
    call();
    EXPECT_EQ(peer_asked(), d);
  }
}

TEST_F(DataPlaneTest, AsksTheLeastBadAsALastResort) {
  provide(b, "b", Availability::suspect);
  provide(c, "c", Availability::at_capacity);
  call();
  EXPECT_EQ(peer_asked(), c);
  plane.on_provider_gone(c, now);
  call();
  EXPECT_EQ(peer_asked(), b);
}

TEST_F(DataPlaneTest, PrefersWhomTheCallerNamesIfAble) {
  provide(b, "b");
  provide(c, "c");
  for (const std::string& wish : {std::string("c"), c.hex(), c.hex().substr(0, 8)}) {
    for (int i = 0; i < 5; ++i) {
      call({{"parley-prefer", wish}});
      EXPECT_EQ(peer_asked(), c) << wish;
    }
  }
  provide(c, "c", Availability::draining);
  call({{"parley-prefer", "c"}});
  EXPECT_EQ(peer_asked(), b);
}

TEST_F(DataPlaneTest, TheHeaderChoosesThePolicy) {
  provide(b, "b");
  provide(c, "c");
  provide(d, "d");
  std::vector<base::NodeId> asked;
  for (int i = 0; i < 6; ++i) {
    call({{"parley-policy", "round_robin"}});
    asked.push_back(peer_asked());
  }
  EXPECT_THAT(asked, ElementsAre(b, c, d, b, c, d));
}

TEST_F(DataPlaneTest, LeastLoadedAvoidsTheSlowAndTheBusy) {
  provide(b, "b");
  provide(c, "c");
  for (int i = 0; i < 10; ++i) {  // let it see both, c being slow
    const ExchangeId id = call();
    const base::NodeId node = peer_asked();
    now = now + (node == c ? milliseconds(500) : milliseconds(2));
    serve_whole(id);
  }
  int slow = 0;
  for (int i = 0; i < 100; ++i) {
    const ExchangeId id = call();
    slow += peer_asked() == c ? 1 : 0;
    now = now + milliseconds(2);
    serve_whole(id);
  }
  EXPECT_EQ(slow, 0);
}

TEST_F(DataPlaneTest, ExplainsEveryOffer) {
  provide(b, "b");
  provide(c, "c", Availability::suspect);
  provide(d, "d", Availability::draining);
  const std::vector<RouteExplanation> rows = plane.explain("text.count", "", now);
  ASSERT_THAT(rows, SizeIs(3));
  EXPECT_EQ(rows[0].name, "b");
  EXPECT_EQ(rows[0].verdict, RouteVerdict::chosen);
  EXPECT_EQ(rows[1].name, "c");
  EXPECT_EQ(rows[1].verdict, RouteVerdict::avoided);
  EXPECT_THAT(rows[1].reasons, ElementsAre("suspect"));
  EXPECT_EQ(rows[2].verdict, RouteVerdict::excluded);
  EXPECT_THAT(rows[2].reasons, ElementsAre("draining"));
  EXPECT_THAT(plane.explain("text.count", "version>=2", now)[0].reasons,
              ElementsAre("requires version>=2"));
}

// ---- retry ----

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

TEST_F(DataPlaneTest, NeverAsksTheSameNodeTwice) {
  provide(b, "b");
  const ExchangeId id = call();
  fail(id, 1, AttemptFailure::unreachable);
  EXPECT_EQ(count<StartAttempt>(), 0U);
  EXPECT_EQ(refusal(), "agent_unreachable: The only attempt failed (b: unreachable).");
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
  EXPECT_THAT(refusal(), HasSubstr("overloaded: All attempts failed ("));
  EXPECT_THAT(refusal(), HasSubstr("b: overloaded"));
  EXPECT_THAT(refusal(), HasSubstr("c: overloaded"));
  EXPECT_EQ(only<RefuseExchange>()->problem.retry_after, seconds(1));
}

TEST_F(DataPlaneTest, RetriesAnAgentsOwn503ButNoOtherErrorOfIts) {
  provide(b, "b");
  provide(c, "c");
  ExchangeId id = call();
  answer(id, 1, 503);
  EXPECT_EQ(count<StartAttempt>(), 1U);
  id = call();
  answer(id, 1, 500);
  EXPECT_EQ(count<RelayAnswer>(), 1U);
  id = call({}, "POST");
  answer(id, 1, 503);
  EXPECT_EQ(count<RelayAnswer>(), 1U);
}

TEST_F(DataPlaneTest, PassesTheLast503OnAsItIs) {
  provide(b, "b");
  const ExchangeId id = call();
  answer(id, 1, 503);
  EXPECT_EQ(count<RelayAnswer>(), 1U);
}

TEST_F(DataPlaneTest, StopsAfterThreeAttempts) {
  for (std::uint8_t i = 1; i < 9; ++i) provide(node_of(i), "n" + std::to_string(i));
  const ExchangeId id = call();
  fail(id, 1, AttemptFailure::unreachable);
  fail(id, 2, AttemptFailure::unreachable);
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

// ---- bounds ----

class CrowdedDataPlaneTest : public DataPlaneTest {
 protected:
  CrowdedDataPlaneTest() : DataPlaneTest(two_at_once()) {}

 private:
  static Options two_at_once() {
    Options options;
    options.exchanges_max = 2;
    return options;
  }
};

TEST_F(CrowdedDataPlaneTest, RefusesMoreExchangesThanItsBound) {
  provide(b, "b");
  call();
  call();
  call();
  EXPECT_EQ(refusal(), "overloaded: The node a has too many calls in flight.");
  EXPECT_EQ(plane.exchanges(), 2U);
}

}  // namespace
}  // namespace mesh
