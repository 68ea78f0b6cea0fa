// What makes calls survive in chains of agents: late attempts that are not left alone, attempts
// that take turns, and failures that are tried again where they happened and nowhere else.
#include "tests/mesh/data_plane_fixture.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace mesh {
namespace {

using std::chrono::milliseconds;

class ChainTest : public DataPlaneTest {
 protected:
  void choose(const Policy& policy) {
    Options options;
    options.policies = {policy};
    plane.on_options(options);
  }
  std::string header_of_answer(std::string_view name) const {
    const auto* relayed = only<RelayAnswer>();
    return relayed == nullptr ? "no answer"
                              : std::string(find_header(relayed->set, name).value_or("absent"));
  }
};

TEST_F(ChainTest, ALateAttemptIsNotLeftAloneWhenItsHedgeFails) {
  Policy policy;
  policy.attempts = 4;
  policy.hedge = HedgePolicy{.enabled = true, .after = milliseconds(50)};
  choose(policy);
  provide(b, "b");
  provide(c, "c");
  const ExchangeId id = call();
  const base::NodeId late = peer_asked();
  pass(milliseconds(50));
  const base::NodeId other = peer_asked();
  ASSERT_NE(other, late);
  pass(milliseconds(5));
  answer(id, 2, 503);
  EXPECT_EQ(count<RelayAnswer>(), 0U);
  pass(milliseconds(0));
  EXPECT_EQ(peer_asked(), other) << "it failed quickly, the first one says nothing";
  answer(id, 3);
  EXPECT_EQ(count<RelayAnswer>(), 1U);
}

TEST_F(ChainTest, ARetryThatHangsIsHedgedToo) {
  Policy policy;
  policy.attempts = 4;
  policy.hedge = HedgePolicy{.enabled = true, .after = milliseconds(50)};
  choose(policy);
  provide(b, "b");
  provide(c, "c");
  const ExchangeId id = call();
  const base::NodeId first = peer_asked();
  answer(id, 1, 503);
  ASSERT_NE(peer_asked(), first);
  pass(milliseconds(50));
  EXPECT_EQ(peer_asked(), first);
}

TEST_F(ChainTest, WhatIsLateMayBecomeKnownWhileACallWaits) {
  Policy policy;
  policy.hedge = HedgePolicy{.enabled = true, .after = std::nullopt};
  choose(policy);
  provide(b, "b");
  provide(c, "c");
  call();
  const base::NodeId hangs = peer_asked();
  const base::NodeId other = hangs == b ? c : b;
  bool hedged = false;
  for (int i = 0; i < 60 && !hedged; ++i) {
    const ExchangeId id = call();
    pass(milliseconds(1));
    serve_whole(id);
    pass(milliseconds(4));
    hedged = peer_asked() == other;
  }
  EXPECT_TRUE(hedged);
}

TEST_F(ChainTest, AttemptsTakeTurns) {
  Policy policy;
  policy.attempts = 6;
  policy.backoff = Backoff{.type = BackoffType::none};
  choose(policy);
  provide(b, "b");
  provide(c, "c");
  const ExchangeId id = call();
  base::NodeId last = peer_asked();
  for (std::uint32_t attempt = 1; attempt < 6; ++attempt) {
    answer(id, attempt, 503);
    if (count<StartAttempt>() == 0) pass(milliseconds(1));
    EXPECT_NE(peer_asked(), last);
    last = peer_asked();
  }
}

TEST_F(ChainTest, AnAgentThatFailsForAnotherOneSaysSo) {
  serve();
  provide(b, "b", Availability::serving, "text.next");
  Policy policy;
  policy.attempts = 1;
  choose(policy);
  const ExchangeId served = call_from(c, {{"traceparent", trace}}, "POST");
  const ExchangeId onward = call({{"traceparent", trace}}, "GET", FromAgent{}, "text.next");
  ASSERT_EQ(peer_asked(), b);
  answer(onward, 1, 500);
  complete(onward, 1);
  answer(served, 1, 502);
  EXPECT_EQ(header_of_answer("parley-failed-further-on"), "1");
}

TEST_F(ChainTest, AnAgentThatHelpedItselfAnswersForItsOwnFailure) {
  serve();
  provide(b, "b", Availability::serving, "text.next");
  Policy policy;
  policy.attempts = 1;
  choose(policy);
  const ExchangeId served = call_from(c, {{"traceparent", trace}}, "POST");
  const ExchangeId onward = call({{"traceparent", trace}}, "GET", FromAgent{}, "text.next");
  answer(onward, 1, 500);
  complete(onward, 1);
  serve_whole(call({{"traceparent", trace}}, "GET", FromAgent{}, "text.next"));
  answer(served, 1, 502, {{"parley-failed-further-on", "1"}});  // its own word is worth nothing
  EXPECT_EQ(header_of_answer("parley-failed-further-on"), "");
}

TEST_F(ChainTest, AFailureFurtherOnIsNeitherTriedAgainNorBlamedOnWhoToldOfIt) {
  Policy policy;
  policy.breaker = BreakerPolicy{.min_requests = 2};
  choose(policy);
  provide(b, "b");
  for (int i = 0; i < 6; ++i) {
    const ExchangeId id = call();
    ASSERT_EQ(peer_asked(), b) << "its breaker stays closed";
    answer(id, 1, 502, {{"parley-failed-further-on", "1"}});
    EXPECT_EQ(count<StartAttempt>(), 0U);
    EXPECT_EQ(header_of_answer("parley-failed-further-on"), "") << "agents need not know";
    EXPECT_EQ(header_of_answer("parley-failure"), "a call that it made failed");
    complete(id, 1);
  }
}

TEST_F(ChainTest, OutputThatIsNotGoodEnoughIsAskedOfAMoreProficientAgentNext) {
  const auto with_proficiency = [&](const base::NodeId& node, Proficiency proficiency) {
    AgentDescriptor descriptor = agent_with("text.count");
    descriptor.capabilities[0].proficiency = proficiency;
    descriptor.capabilities[0].cost_micros = proficiency == Proficiency::expert ? 1'000 : 100;
    plane.on_provider(node,
                      {.name = "n",
                       .availability = Availability::serving,
                       .load = {},
                       .descriptor = std::make_shared<const AgentDescriptor>(descriptor)},
                      now, effects);
  };
  Policy policy;
  policy.route = RoutePolicy::cost;
  policy.quality = QualityTiers{.prefer = 0.9, .accept = 0.8, .never_below = 0.5};
  choose(policy);
  with_proficiency(b, Proficiency::novice);
  with_proficiency(c, Proficiency::novice);
  with_proficiency(d, Proficiency::expert);
  const ExchangeId id = call();
  EXPECT_NE(peer_asked(), d);
  answer(id, 1, 200, {{"parley-quality", "0.2"}});
  EXPECT_EQ(peer_asked(), d);
}

TEST_F(ChainTest, GoodProbesOfAHalfOpenBreakerFollowOneAnother) {
  Policy policy;
  policy.attempts = 2;
  policy.breaker = BreakerPolicy{.min_requests = 4, .half_open_requests = 3};
  choose(policy);
  provide(b, "b");
  provide(c, "c");
  int opened = 0;
  for (int i = 0; i < 40 && opened == 0; ++i) {
    const ExchangeId id = call();
    if (peer_asked() != b) {
      serve_whole(id);
      continue;
    }
    answer(id, 1, 500);
    for (const Effect& effect : effects) {
      const auto* step = std::get_if<base::Transition>(&effect);
      if (step != nullptr && step->to == "open") ++opened;
    }
    serve_whole(id, 2);
  }
  ASSERT_EQ(opened, 1);
  pass(std::chrono::seconds(30));
  for (int probe = 0; probe < 3; ++probe) {
    const ExchangeId id = call();
    EXPECT_EQ(peer_asked(), b);
    serve_whole(id);
  }
  EXPECT_EQ(plane.catalogue().offer(b, "text.count")->standing->breaker.state(),
            resilience::Breaker::State::closed);
}

// ---- places ----

const std::vector<base::NodeId> five = {b, c, d, node_of(0xe1), node_of(0xe2)};

TEST_F(ChainTest, CallsAtOnceAreSpreadOverAll) {
  for (const base::NodeId& node : five) provide(node, "n");
  for (int round = 0; round < 2; ++round) {
    std::set<base::NodeId> asked;
    for (std::size_t i = 0; i < five.size(); ++i) {
      call();
      asked.insert(peer_asked());
    }
    EXPECT_EQ(asked.size(), five.size());
  }
}

TEST_F(ChainTest, WhoIsNewIsNotBuriedBelowCalls) {
  provide(b, "b");
  for (int i = 0; i < 5; ++i) {
    const ExchangeId id = call();
    pass(milliseconds(200));
    serve_whole(id);
  }
  provide(c, "c");  // nothing is known of it
  int at_new = 0;
  for (int i = 0; i < 8; ++i) {
    call();
    if (peer_asked() == c) ++at_new;
  }
  EXPECT_EQ(at_new, 4);
}

TEST_F(ChainTest, NobodyIsGivenMoreThanItSaysThatItTakesWhileOthersHavePlaces) {
  const auto with_places = [&](const base::NodeId& node, std::uint32_t places) {
    plane.on_provider(
        node,
        {.name = "n",
         .availability = Availability::serving,
         .load = {.in_flight = 0, .concurrency = places, .latency = {}},
         .descriptor = std::make_shared<const AgentDescriptor>(agent_with("text.count"))},
        now, effects);
  };
  with_places(b, 1);
  with_places(c, 7);
  int at_b = 0;
  for (int i = 0; i < 8; ++i) {
    call();
    if (peer_asked() == b) ++at_b;
  }
  EXPECT_EQ(at_b, 1);
}

TEST_F(ChainTest, WhoSaidThatItIsFullIsLeftAloneForAMoment) {
  provide(b, "b");
  provide(c, "c");
  const ExchangeId id = call();
  const base::NodeId full = peer_asked();
  answer(id, 1, 503, {{"parley-error", "overloaded"}, {"parley-not-processed", "1"}});
  const base::NodeId other = peer_asked();
  EXPECT_NE(other, full);
  for (int i = 0; i < 4; ++i) {
    call();
    EXPECT_EQ(peer_asked(), other);
  }
  pass(milliseconds(20));
  call();
  EXPECT_EQ(peer_asked(), full);
}

TEST_F(ChainTest, FindingNoPlaceCostsNeitherAttemptsNorBudgetWhileSomebodyHasOne) {
  Policy policy;
  policy.attempts = 2;
  policy.retry_budget = 0;
  choose(policy);
  for (const base::NodeId& node : five) provide(node, "n");
  for (int i = 0; i < 30; ++i) {
    const ExchangeId id = call();
    for (std::uint32_t attempt = 1; attempt < 5; ++attempt) {
      answer(id, attempt, 503, {{"parley-error", "overloaded"}, {"parley-not-processed", "1"}});
      ASSERT_EQ(count<StartAttempt>(), 1U) << i << " " << attempt;
    }
    serve_whole(id, 5);
    pass(milliseconds(2'000));
  }
}

}  // namespace
}  // namespace mesh
