#include "tests/mesh/data_plane_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mesh {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

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
                                           .to = ToPeer{b, ""},
                                           .set = {{"parley-call", call_header},
                                                   {"parley-path", hop_a},
                                                   {"parley-deadline", "29990ms"},
                                                   {"parley-deadline-scope", "head"},
                                                   {"traceparent", span}},
                                           .keep_body = true,
                                           .last = false}}));
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
                true,
                std::nullopt}}));
  complete(id, 1);
  EXPECT_EQ(effects, (Effects{ExchangeSettled{.exchange = id,
                                              .outcome = Outcome::success,
                                              .status = 200,
                                              .attempts = 1,
                                              .call = CallId(call_header),
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
                                           .keep_body = false,
                                           .last = true}}));
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
  const ExchangeId id = call({}, "POST");
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
  sort_out_phases();
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

TEST_F(DataPlaneTest, PreferenceTakesTheOwnAgentThenTheNamedThenTheRest) {
  Policy policy;
  policy.route = RoutePolicy::preference;
  policy.prefer = {"d", "c"};
  Options options;
  options.policies = {policy};
  plane.on_options(options);
  provide(b, "b");
  provide(c, "c");
  provide(d, "d");
  serve(1);
  call();
  EXPECT_TRUE(agent_asked());
  call();  // its own agent is at its limit
  EXPECT_EQ(peer_asked(), d);
  provide(d, "d", Availability::draining);
  call();
  EXPECT_EQ(peer_asked(), c);
  plane.on_provider_gone(c, now);
  call();
  EXPECT_EQ(peer_asked(), b);
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

TEST_F(DataPlaneTest, LeastLoadedSharesBetweenProvidersThatDifferByNoise) {
  provide(b, "b");
  provide(c, "c");
  int first = 0;
  for (int i = 0; i < 200; ++i) {
    const ExchangeId id = call();
    const bool is_b = peer_asked() == b;
    first += is_b ? 1 : 0;
    now = now + (is_b ? std::chrono::microseconds(900) : std::chrono::microseconds(300));
    serve_whole(id);
  }
  EXPECT_GT(first, 60);
  EXPECT_LT(first, 140);
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

// ---- bounds ----

class CrowdedDataPlaneTest : public DataPlaneTest {
 protected:
  CrowdedDataPlaneTest() : DataPlaneTest(few_at_once()) {}

 private:
  static Options few_at_once() {
    Options options;
    options.exchanges_max = 3;
    options.exchanges_per_peer_max = 2;
    return options;
  }
};

TEST_F(CrowdedDataPlaneTest, RefusesMoreExchangesThanItsBound) {
  provide(b, "b");
  call();
  call();
  call();
  call();
  EXPECT_EQ(refusal(), "overloaded: The node a has too many calls in flight.");
  EXPECT_EQ(plane.exchanges(), 3U);
}

TEST_F(CrowdedDataPlaneTest, RefusesOneNodeMoreThanItsShare) {
  serve();
  const ExchangeId first = call_from(b);
  call_from(b);
  call_from(b);
  EXPECT_EQ(refusal(), "overloaded: The node a has too many calls of this node in flight.");
  EXPECT_TRUE(marked_not_processed());
  EXPECT_EQ(only<RefuseExchange>()->problem.retry_after, std::chrono::seconds(1));
  call_from(c);
  EXPECT_TRUE(agent_asked());
  serve_whole(first);
  call_from(b);
  EXPECT_TRUE(agent_asked());
}

}  // namespace
}  // namespace mesh
