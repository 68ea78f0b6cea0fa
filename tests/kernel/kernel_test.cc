#include "tests/kernel/kernels_in_memory.h"
#include "wire/packet_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>

namespace kernel {
namespace {

using gossip::MemberState;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Each;
using testing::Field;
using testing::IsEmpty;
using testing::SizeIs;
using Node = KernelsInMemory::Node;

mesh::AgentDescriptor agent_with(std::string capability) {
  mesh::AgentDescriptor agent;
  agent.capabilities.emplace_back().name = std::move(capability);
  return agent;
}

std::size_t position(const Node& node, std::size_t kind) {
  return static_cast<std::size_t>(std::ranges::find(node.effects, kind) - node.effects.begin());
}

class KernelTest : public testing::Test {
 protected:
  bool sees(const Node& by, const Node& whom, MemberState state) {
    return nodes.run_until([&] { return KernelsInMemory::state_of(whom, by) == state; });
  }
  // Until calls of `node` have this many candidates.
  bool offers(const Node& node, const std::string& capability, std::size_t count) {
    return nodes.run_until([&] {
      return node.kernel->data_plane().catalogue().providers_of(capability).size() == count;
    });
  }

  KernelsInMemory nodes;
  Node& anna = nodes.add("anna");
  Node& bert = nodes.add("bert");
  Node& carl = nodes.add("carl");
};

TEST_F(KernelTest, PersistsItsEpochBeforeItSaysAnything) {
  nodes.start(bert);
  nodes.start(anna, {bert.at}, agent_with("text.count"));
  nodes.run(seconds(2));
  const std::size_t persisted = position(anna, kind_of<Persist>());
  ASSERT_LT(persisted, anna.effects.size());
  EXPECT_LT(persisted, position(anna, kind_of<SendDatagram>()));
  EXPECT_LT(persisted, position(anna, kind_of<AskPeer>()));
  EXPECT_GT(anna.epoch, 0U);
}

TEST_F(KernelTest, EachRunHasAHigherEpoch) {
  nodes.start(anna);
  const std::uint64_t first = anna.epoch;
  nodes.stop(anna);
  nodes.start(anna);
  EXPECT_GT(anna.epoch, first);
}

TEST(EpochTest, FollowsTheCalendarOnlyWhileTheClockCanBeRight) {
  constexpr std::uint64_t stored = 1'800'000'000;
  EXPECT_EQ(epoch_before(5, base::WallTime{1'790'000'000'000}), 1'790'000'000U);
  EXPECT_EQ(epoch_before(stored, base::WallTime{1'790'000'000'000}), stored);
  for (const std::int64_t wrong :
       {std::int64_t{-1}, std::int64_t{0}, std::int64_t{4'294'967'296'000},
        std::numeric_limits<std::int64_t>::max()}) {
    EXPECT_EQ(epoch_before(stored, base::WallTime{wrong}), stored) << wrong;
    EXPECT_FALSE(is_plausible(base::WallTime{wrong})) << wrong;
  }
}

TEST_F(KernelTest, TwoNodesFindEachOtherAndCall) {
  nodes.start(anna);
  nodes.start(bert, {anna.at}, agent_with("text.count"));
  ASSERT_TRUE(sees(anna, bert, MemberState::serving));
  ASSERT_TRUE(sees(bert, anna, MemberState::serving));
  ASSERT_TRUE(offers(anna, "text.count", 1));
  nodes.call(anna, "text.count");
  EXPECT_EQ(bert.agent_calls, 1);
  ASSERT_THAT(anna.settled, SizeIs(1));
  EXPECT_EQ(anna.settled[0].outcome, mesh::Outcome::success);
  EXPECT_EQ(anna.settled[0].source, "anna");
  EXPECT_EQ(anna.settled[0].destination, "bert");
  EXPECT_THAT(anna.refused, IsEmpty());
}

TEST_F(KernelTest, RefusesWhatNobodyCanDo) {
  nodes.start(anna);
  nodes.call(anna, "text.count");
  ASSERT_THAT(anna.refused, SizeIs(1));
  EXPECT_EQ(anna.refused[0].code, mesh::ProblemCode::no_capable_agent);
  EXPECT_THAT(anna.settled, SizeIs(1));
}

TEST_F(KernelTest, PullsADescriptorOnceHoweverManyNameIt) {
  nodes.start(anna);
  nodes.start(bert, {anna.at}, agent_with("text.count"));
  nodes.start(carl, {anna.at}, agent_with("text.count"));
  ASSERT_TRUE(offers(anna, "text.count", 2));
  EXPECT_THAT(anna.descriptors, SizeIs(1));
  nodes.run(seconds(10));
  EXPECT_EQ(anna.descriptor_pulls, 1);
}

TEST_F(KernelTest, ADrainingNodeSendsCallsElsewhere) {
  nodes.start(anna);
  nodes.start(bert, {anna.at}, agent_with("text.count"));
  nodes.start(carl, {anna.at}, agent_with("text.count"));
  ASSERT_TRUE(offers(anna, "text.count", 2));
  nodes.feed(bert, DrainRequested{.leave = false});
  // Anna may not know yet, and tries bert: it refuses, and nothing was processed there.
  for (int i = 0; i < 8; ++i) nodes.call(anna, "text.count");
  EXPECT_EQ(bert.agent_calls, 0);
  EXPECT_EQ(carl.agent_calls, 8);
  EXPECT_THAT(anna.settled, Each(Field(&mesh::ExchangeSettled::outcome, mesh::Outcome::success)));
  EXPECT_TRUE(sees(anna, bert, MemberState::draining));
  nodes.feed(bert, ResumeRequested{});
  EXPECT_TRUE(sees(anna, bert, MemberState::serving));
}

TEST_F(KernelTest, ALeavingNodeFinishesItsCallsAndEndsInDrained) {
  nodes.start(anna);
  nodes.start(bert, {anna.at}, agent_with("text.count"));
  ASSERT_TRUE(offers(anna, "text.count", 1));
  bert.agent_answers = false;
  nodes.call(anna, "text.count");
  ASSERT_EQ(bert.agent_calls, 1);
  nodes.feed(bert, DrainRequested{.leave = true});
  nodes.run(seconds(5));
  EXPECT_FALSE(bert.drained) << "a call is in flight";
  EXPECT_EQ(bert.kernel->phase(), Phase::draining);
  nodes.answer_waiting(bert);
  ASSERT_TRUE(nodes.run_until([&] { return bert.drained; }));
  EXPECT_EQ(bert.kernel->phase(), Phase::gone);
  ASSERT_THAT(anna.settled, SizeIs(1));
  EXPECT_EQ(anna.settled[0].outcome, mesh::Outcome::success);
  EXPECT_TRUE(sees(anna, bert, MemberState::left));
  EXPECT_TRUE(offers(anna, "text.count", 0));
}

TEST_F(KernelTest, DropsTheLinksOfTheDeadButNotOfThoseWhoLeft) {
  nodes.start(anna);
  nodes.start(bert, {anna.at});
  nodes.start(carl, {anna.at});
  ASSERT_TRUE(sees(anna, bert, MemberState::serving));
  ASSERT_TRUE(sees(anna, carl, MemberState::serving));
  nodes.feed(bert, DrainRequested{.leave = true});
  ASSERT_TRUE(sees(anna, bert, MemberState::left));
  // The end of its last answer may still be on the way.
  EXPECT_EQ(std::ranges::count(anna.effects, kind_of<DropLinks>()), 0);
  nodes.stop(bert);
  nodes.stop(carl);
  ASSERT_TRUE(sees(anna, carl, MemberState::dead));
  EXPECT_EQ(std::ranges::count(anna.effects, kind_of<DropLinks>()), 1);
}

TEST_F(KernelTest, TakesACallAwayFromASuspect) {
  nodes.start(anna);
  nodes.start(bert, {anna.at}, agent_with("text.count"));
  ASSERT_TRUE(offers(anna, "text.count", 1));
  bert.agent_answers = false;
  nodes.call(anna, "text.count");
  nodes.start(carl, {anna.at}, agent_with("text.count"));
  ASSERT_TRUE(offers(anna, "text.count", 2));
  nodes.stop(bert);  // and its links say nothing, as if it had been stopped
  ASSERT_TRUE(nodes.run_until([&] { return !anna.settled.empty(); }));
  EXPECT_EQ(anna.settled[0].outcome, mesh::Outcome::success);
  EXPECT_EQ(anna.settled[0].destination, "carl");
  EXPECT_LT(anna.settled[0].took, seconds(10)) << "long before its deadline";
}

TEST_F(KernelTest, GarbageAndReplaysChangeNothing) {
  nodes.start(anna);
  nodes.start(bert, {anna.at});
  ASSERT_TRUE(sees(anna, bert, MemberState::serving));
  nodes.run(seconds(3));
  const std::size_t members = anna.kernel->membership().members().size();
  const std::uint64_t opened = anna.kernel->gate().opened();
  base::Rng rng(1);
  std::vector<base::Bytes> datagrams = bert.sent;
  for (int i = 0; i < 200; ++i) {
    base::Bytes garbage(rng.below(1'500));
    for (std::byte& byte : garbage) byte = static_cast<std::byte>(rng.below(256));
    datagrams.push_back(std::move(garbage));
  }
  const std::size_t before = anna.effects.size();
  for (const base::Bytes& datagram : datagrams) {
    nodes.feed(anna, DatagramReceived{bert.at, datagram});
  }
  EXPECT_EQ(anna.effects.size(), before) << "answered, or did something else";
  EXPECT_EQ(anna.kernel->gate().opened(), opened);
  EXPECT_EQ(anna.kernel->membership().members().size(), members);
  EXPECT_EQ(KernelsInMemory::state_of(bert, anna), MemberState::serving);
}

TEST_F(KernelTest, BytesOverALinkThatAreNoQuestionAreRefused) {
  nodes.start(anna);
  Effects effects;
  anna.kernel->handle(PeerAsked{77, bert.identity.id(), bert.at, base::Bytes(40, std::byte{7})},
                      base::Instant() + seconds(2), effects);
  EXPECT_EQ(anna.kernel->undecodable(), 1U);
  ASSERT_THAT(effects, SizeIs(1));
  const auto* answer = std::get_if<AnswerPeer>(&effects[0]);
  ASSERT_NE(answer, nullptr);
  EXPECT_EQ(answer->question, 77U);
  EXPECT_TRUE(answer->body.empty());
}

class StrangersTest : public KernelTest {
 protected:
  // What the kernel of anna does about an input of its own, which nobody else answers.
  Effects after(Input input, base::Duration later = {}) {
    Effects effects;
    anna.kernel->handle(std::move(input), now + later, effects);
    return effects;
  }
  template <class Kind>
  static std::vector<Kind> of(const Effects& effects) {
    std::vector<Kind> out;
    for (const Effect& effect : effects) {
      if (const auto* kind = std::get_if<Kind>(&effect)) out.push_back(*kind);
    }
    return out;
  }
  [[nodiscard]] PeerAsked question(std::uint64_t number, gossip::Question question) const {
    return {number, carl.identity.id(), carl.at, wire::encode(question)};
  }

  // Later than all that run() was asked for.
  base::Instant now = base::Instant::from_nanoseconds(20'000'000'000);
};

TEST_F(StrangersTest, GetNoAnswerUntilTheyAreMembersAndARefusalAfterASecond) {
  nodes.start(anna, {}, agent_with("text.count"));
  mesh::CallRequest request;
  request.capability = "text.count";
  request.method = "GET";
  EXPECT_THAT(after(CallArrived{{900}, mesh::FromPeer{carl.identity.id()}, request}), IsEmpty());
  EXPECT_THAT(of<AnswerPeer>(after(question(901, gossip::PullDescriptor{}))), IsEmpty());
  EXPECT_LE(anna.kernel->next_deadline(), now + seconds(1));
  const Effects effects = after(TimePassed{}, seconds(1));
  const auto refused = of<mesh::RefuseExchange>(effects);
  ASSERT_THAT(refused, SizeIs(1));
  EXPECT_EQ(refused[0].problem.code, mesh::ProblemCode::forbidden);
  EXPECT_THAT(of<mesh::ExchangeSettled>(effects), SizeIs(1));
  ASSERT_THAT(of<AnswerPeer>(effects), SizeIs(1));
  EXPECT_THAT(of<AnswerPeer>(effects)[0].body, IsEmpty());
  EXPECT_EQ(anna.agent_calls, 0);
}

TEST_F(StrangersTest, AreAnsweredAsSoonAsTheirRecordCame) {
  nodes.start(anna, {}, agent_with("text.count"));
  nodes.start(carl);
  mesh::CallRequest request;
  request.capability = "text.count";
  request.method = "GET";
  EXPECT_THAT(after(CallArrived{{900}, mesh::FromPeer{carl.identity.id()}, request}), IsEmpty());
  const gossip::Join join{.record = carl.kernel->membership().find(carl.identity.id())->record,
                          .after = {}};
  const auto checks = of<CheckSignatures>(after(question(901, join)));
  ASSERT_THAT(checks, SizeIs(1));
  SignaturesChecked checked{.batch = checks[0].batch, .verdicts = {}};
  for (const auto& check : checks[0].checks) checked.verdicts.push_back(crypto::check(check));
  EXPECT_THAT(of<mesh::StartAttempt>(after(checked)), SizeIs(1));
}

TEST_F(StrangersTest, TheTimeThatACallWaitedIsTakenFromItsDeadline) {
  nodes.start(anna, {}, agent_with("text.count"));
  nodes.start(carl);
  mesh::CallRequest request;
  request.capability = "text.count";
  request.method = "GET";
  request.headers = {{"parley-deadline", "2s"}};
  static_cast<void>(after(CallArrived{{900}, mesh::FromPeer{carl.identity.id()}, request}));
  const gossip::Join join{.record = carl.kernel->membership().find(carl.identity.id())->record,
                          .after = {}};
  const auto checks = of<CheckSignatures>(after(question(901, join), milliseconds(600)));
  ASSERT_THAT(checks, SizeIs(1));
  SignaturesChecked checked{.batch = checks[0].batch, .verdicts = {}};
  for (const auto& check : checks[0].checks) checked.verdicts.push_back(crypto::check(check));
  const auto started = of<mesh::StartAttempt>(after(checked, milliseconds(600)));
  ASSERT_THAT(started, SizeIs(1));
  EXPECT_EQ(mesh::find_header(started[0].set, "parley-deadline"), "1390ms");  // less a reserve
}

TEST_F(StrangersTest, ACallThatIsGivenUpMeanwhileIsOver) {
  nodes.start(anna, {}, agent_with("text.count"));
  static_cast<void>(after(CallArrived{{900}, mesh::FromPeer{carl.identity.id()}, {}}));
  EXPECT_THAT(of<mesh::ExchangeSettled>(after(CallerGone{{900}})), SizeIs(1));
  EXPECT_THAT(of<mesh::RefuseExchange>(after(TimePassed{}, seconds(2))), IsEmpty());
}

TEST_F(StrangersTest, AreRefusedByANodeThatLeavesBeforeItIsGone) {
  nodes.start(anna, {}, agent_with("text.count"));
  const mesh::FromPeer stranger{carl.identity.id()};
  EXPECT_THAT(after(CallArrived{{900}, stranger, {}}), IsEmpty());
  EXPECT_THAT(of<AnswerPeer>(after(question(901, gossip::PullDescriptor{}))), IsEmpty());
  const Effects effects = after(DrainRequested{.leave = true});
  EXPECT_EQ(anna.kernel->phase(), Phase::gone) << "nobody else is there to be told";
  EXPECT_THAT(of<mesh::ExchangeSettled>(effects), SizeIs(1));
  EXPECT_THAT(of<AnswerPeer>(effects), SizeIs(1));
  EXPECT_TRUE(std::holds_alternative<Drained>(effects.back()));
  EXPECT_THAT(of<mesh::ExchangeSettled>(after(CallArrived{{902}, stranger, {}})), SizeIs(1));
}

TEST_F(StrangersTest, AMemberAsksNoMoreOftenThanItMay) {
  nodes.start(anna);
  nodes.start(carl, {anna.at});
  ASSERT_TRUE(sees(anna, carl, MemberState::serving));
  std::size_t answered = 0;
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    for (const AnswerPeer& answer : of<AnswerPeer>(after(question(900 + i, gossip::Exchange{})))) {
      answered += answer.body.empty() ? 0U : 1U;
    }
  }
  EXPECT_EQ(answered, 200U);
  EXPECT_EQ(anna.kernel->questions_refused(), 800U);
}

TEST_F(KernelTest, KeepsOnDiskOnlyWhomItHeard) {
  nodes.start(anna);
  const std::size_t saved = position(anna, kind_of<SaveMember>());
  Node& silent = nodes.add("silent");
  nodes.start(silent);
  const gossip::Join join{.record = silent.kernel->membership().find(silent.identity.id())->record,
                          .after = {}};
  nodes.stop(silent);
  Effects effects;
  const base::Instant now = base::Instant::from_nanoseconds(2'000'000'000);
  anna.kernel->handle(
      PeerAsked{77, silent.identity.id(), silent.at, wire::encode(gossip::Question(join))}, now,
      effects);
  for (std::size_t i = 0; i < effects.size(); ++i) {
    if (const auto* check = std::get_if<CheckSignatures>(&effects[i])) {
      SignaturesChecked checked{.batch = check->batch, .verdicts = {}};
      for (const auto& each : check->checks) checked.verdicts.push_back(crypto::check(each));
      anna.kernel->handle(std::move(checked), now, effects);
      break;
    }
  }
  ASSERT_NE(KernelsInMemory::state_of(silent, anna), std::nullopt);
  EXPECT_EQ(saved, anna.effects.size());
  for (const Effect& effect : effects) EXPECT_FALSE(std::holds_alternative<SaveMember>(effect));
}

TEST_F(KernelTest, RestartsWarmWithWhatItsDiskHas) {
  nodes.start(anna);
  nodes.start(bert, {anna.at}, agent_with("text.count"));
  ASSERT_TRUE(offers(anna, "text.count", 1));
  nodes.stop(anna);
  ASSERT_THAT(anna.members, SizeIs(1));
  nodes.start(anna);  // and no seed
  ASSERT_TRUE(offers(anna, "text.count", 1));
  ASSERT_TRUE(sees(anna, bert, MemberState::serving));
  EXPECT_EQ(anna.descriptor_pulls, 0);
  nodes.call(anna, "text.count");
  ASSERT_THAT(anna.settled, SizeIs(1));
  EXPECT_EQ(anna.settled[0].outcome, mesh::Outcome::success);
  EXPECT_TRUE(sees(bert, anna, MemberState::serving));
}

}  // namespace
}  // namespace kernel
