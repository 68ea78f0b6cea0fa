// Every checker bites: a history in which its property is broken is reported, and one in which it
// holds is not.
#include "sim/checkers/bounds.h"
#include "sim/checkers/calls.h"
#include "sim/checkers/death_known.h"
#include "sim/checkers/deferrals.h"
#include "sim/checkers/duplicates.h"
#include "sim/checkers/false_death.h"
#include "sim/checkers/forgery.h"
#include "sim/checkers/opinions.h"
#include "sim/checkers/outsiders.h"
#include "sim/checkers/states.h"
#include "sim/checkers/traffic.h"
#include "sim/checkers/versions.h"

#include <gtest/gtest.h>

namespace sim {
namespace {

using gossip::MemberState;
using std::chrono::seconds;

class CheckerTest : public ::testing::Test {
 protected:
  CheckerTest() : identity_(crypto::Identity::from_seed(crypto::Seed())), truth_(4) {
    mesh_.bytes[0] = std::byte{7};
    for (NodeIndex node = 0; node < 4; ++node) truth_.started(node, {});
  }

  static ViewChange view(base::Duration at, std::optional<Seen> before, std::optional<Seen> after) {
    return {.at = at, .observer = 0, .subject = 1, .before = before, .after = after};
  }
  static Seen seen(MemberState state, std::uint64_t sequence) { return {state, {1, sequence}}; }
  gossip::SignedRecord record(std::uint64_t sequence, const base::MeshId& mesh) const {
    gossip::SignedRecord made;
    made.record.subject = identity_.id();
    made.record.version = {1, sequence};
    made.signature = identity_.sign(statement_of(made.record, mesh));
    return made;
  }

  const crypto::Identity identity_;
  base::MeshId mesh_;
  Truth truth_;
};

TEST_F(CheckerTest, VersionsSeesATableGoBack) {
  VersionsChecker checker(truth_);
  checker.on_view(view(seconds(1), {}, seen(MemberState::serving, 5)));
  checker.on_view(view(seconds(2), {}, {}));
  EXPECT_TRUE(checker.violations().empty());
  checker.on_view(view(seconds(3), {}, seen(MemberState::serving, 4)));
  EXPECT_EQ(checker.violations().size(), 1U);
}

TEST_F(CheckerTest, OpinionsSeesWhatNobodyHonestSaw) {
  OpinionsChecker checker(truth_);
  truth_.dishonest(3);
  const auto told = [&](NodeIndex author, double success) {
    checker.on_told({seconds(1), author, 0, "cap.0", success, 5.0});
  };
  const auto held = [&](base::Duration at, std::uint32_t authors, double success) {
    checker.on_opinion({at, 1, 0, "cap.0", authors, success, 5.0});
    return checker.violations().size();
  };
  told(1, 0.8);
  told(2, 0.9);
  told(3, 0.1);
  EXPECT_EQ(held(seconds(2), 3, 0.85), 0U);
  EXPECT_EQ(held(seconds(2), 2, 0.1), 0U);  // half of them may lie
  EXPECT_EQ(held(seconds(2), 3, 0.7), 1U);
  EXPECT_EQ(held(seconds(200), 3, 0.85), 3U);  // nobody told that for long, nor the latency
}

TEST_F(CheckerTest, VersionsLetsANewLifeBeginWithAnOldTable) {
  VersionsChecker checker(truth_);
  checker.on_view(view(seconds(1), {}, seen(MemberState::serving, 5)));
  checker.on_started({seconds(2), 0});
  checker.on_view(view(seconds(3), {}, seen(MemberState::serving, 4)));
  EXPECT_TRUE(checker.violations().empty());
}

TEST_F(CheckerTest, VersionsSeesTwoRecordsWithOneVersion) {
  VersionsChecker checker(truth_);
  gossip::SignedRecord first = record(3, mesh_);
  gossip::SignedRecord second = first;
  second.record.name = "other";
  checker.on_published({seconds(1), 1, &first});
  checker.on_published({seconds(1), 1, &first});
  EXPECT_TRUE(checker.violations().empty());
  checker.on_published({seconds(2), 1, &second});
  EXPECT_EQ(checker.violations().size(), 1U);
}

TEST_F(CheckerTest, StatesSeesAResurrection) {
  StatesChecker checker(truth_);
  checker.on_view(view(seconds(1), seen(MemberState::dead, 5), seen(MemberState::serving, 6)));
  EXPECT_TRUE(checker.violations().empty());
  checker.on_view(view(seconds(1), seen(MemberState::dead, 5), seen(MemberState::serving, 5)));
  checker.on_view(view(seconds(1), seen(MemberState::left, 5), seen(MemberState::suspect, 5)));
  checker.on_view(view(seconds(1), seen(MemberState::serving, 5), seen(MemberState::draining, 5)));
  EXPECT_EQ(checker.violations().size(), 3U);
}

TEST_F(CheckerTest, StatesAllowsASuspicionAndItsEnd) {
  StatesChecker checker(truth_);
  checker.on_view(view(seconds(1), seen(MemberState::serving, 5), seen(MemberState::suspect, 5)));
  checker.on_view(view(seconds(1), seen(MemberState::suspect, 5), seen(MemberState::serving, 5)));
  checker.on_view(view(seconds(1), seen(MemberState::suspect, 5), seen(MemberState::dead, 5)));
  EXPECT_TRUE(checker.violations().empty());
}

TEST_F(CheckerTest, StatesAllowsThatSomebodyIsPutOutAndLetInAgain) {
  StatesChecker checker(truth_);
  Seen out = seen(MemberState::left, 5);
  out.barred = true;
  checker.on_view(view(seconds(1), seen(MemberState::serving, 5), out));
  checker.on_view(view(seconds(1), out, seen(MemberState::serving, 5)));
  EXPECT_TRUE(checker.violations().empty());
}

TEST_F(CheckerTest, OutsidersSeesOneThatIsCountedOn) {
  OutsidersChecker checker(truth_);
  const DoorShut shut{.at = seconds(2), .observer = 0, .subject = 1};
  checker.on_door_shut(shut);
  checker.on_view(view(seconds(1), {}, seen(MemberState::serving, 5)));
  checker.on_view(view(seconds(1), seen(MemberState::serving, 5), seen(MemberState::left, 5)));
  checker.on_door_shut(shut);
  EXPECT_TRUE(checker.violations().empty());
  checker.on_view(view(seconds(1), seen(MemberState::left, 5), seen(MemberState::suspect, 6)));
  checker.on_door_shut(shut);
  EXPECT_EQ(checker.violations().size(), 1U);
}

TEST_F(CheckerTest, FalseDeathSeesTheLivingBuried) {
  FalseDeathChecker checker(truth_);
  const auto death = [&](base::Duration at) {
    checker.on_view(view(at, seen(MemberState::suspect, 5), seen(MemberState::dead, 5)));
  };
  truth_.disturb(1);
  death(seconds(100));
  truth_.calm(1, seconds(100));
  death(seconds(105));
  EXPECT_TRUE(checker.violations().empty()) << "disturbed, or a moment ago";
  death(seconds(130));
  EXPECT_EQ(checker.violations().size(), 1U);
  truth_.stopped(1, seconds(131));
  death(seconds(200));
  EXPECT_EQ(checker.violations().size(), 1U) << "it does not run";
}

TEST_F(CheckerTest, DeathKnownSeesADeathHidden) {
  DeathKnownChecker checker(truth_);
  checker.on_view(view(seconds(1), {}, seen(MemberState::serving, 1)));
  truth_.stopped(1, seconds(50));
  checker.on_stopped({seconds(50), 1, true});
  for (int at = 51; at < 60; ++at) checker.on_second(seconds(at));
  EXPECT_TRUE(checker.violations().empty());
  for (int at = 60; at < 70; ++at) checker.on_second(seconds(at));
  EXPECT_EQ(checker.violations().size(), 1U);
}

TEST_F(CheckerTest, DeathKnownMeasuresTheSlowest) {
  DeathKnownChecker checker(truth_);
  checker.on_view(view(seconds(1), {}, seen(MemberState::serving, 1)));
  truth_.stopped(1, seconds(50));
  checker.on_stopped({seconds(50), 1, true});
  checker.on_second(seconds(52));
  checker.on_view(view(seconds(53), seen(MemberState::suspect, 1), seen(MemberState::dead, 1)));
  for (int at = 54; at < 90; ++at) checker.on_second(seconds(at));
  EXPECT_TRUE(checker.violations().empty());
  EXPECT_EQ(checker.slowest(), seconds(4));
}

TEST_F(CheckerTest, ForgerySeesWhatItsSubjectNeverSigned) {
  ForgeryChecker checker(truth_, mesh_);
  ViewChange change = view(seconds(1), {}, seen(MemberState::serving, 3));
  gossip::SignedRecord genuine = record(3, mesh_);
  change.record = &genuine;
  checker.on_view(change);
  EXPECT_TRUE(checker.violations().empty());
  gossip::SignedRecord altered = genuine;
  altered.record.name = "altered";
  change.record = &altered;
  checker.on_view(change);
  gossip::SignedRecord foreign = record(4, base::MeshId());
  change.record = &foreign;
  checker.on_view(change);
  EXPECT_EQ(checker.violations().size(), 2U);
  checker.on_stranger({seconds(1), 0, "deadbeef"});
  EXPECT_EQ(checker.violations().size(), 3U);
}

TEST_F(CheckerTest, BoundsSeesWhatOutgrowsItsBound) {
  BoundsChecker checker(truth_);
  checker.on_gauge({seconds(1), 0, "rumors", 10, 10});
  checker.on_datagram({seconds(1), 0, 1, 1'400});
  EXPECT_TRUE(checker.violations().empty());
  checker.on_gauge({seconds(1), 0, "rumors", 11, 10});
  checker.on_datagram({seconds(1), 0, 1, 1'401});
  EXPECT_EQ(checker.violations().size(), 2U);
}

TEST_F(CheckerTest, TrafficSeesAnAmplifier) {
  TrafficChecker checker(truth_);
  const auto window = [&](NodeIndex from, NodeIndex to, std::size_t bytes) {
    checker.on_datagram({seconds(1), from, to, bytes});
    for (int i = 0; i < 10; ++i) checker.on_second(seconds(i));
  };
  checker.on_datagram({seconds(1), 1, 0, 700'000});
  window(0, 1, 700'000);
  EXPECT_TRUE(checker.violations().empty()) << "it was sent as much itself";
  window(0, 1, 700'000);
  EXPECT_EQ(checker.violations().size(), 1U);
}

TEST_F(CheckerTest, CallsSeesOneAnsweredTwiceAndOneLost) {
  CallsChecker checker(truth_);
  checker.on_call({seconds(1), 5, 0, seconds(1)});
  checker.on_call_ended({seconds(2), 5, 200});
  EXPECT_TRUE(checker.violations().empty());
  checker.on_call_ended({seconds(3), 5, 200});
  EXPECT_EQ(checker.violations().size(), 1U);
  checker.on_call({seconds(10), 6, 0, seconds(1)});
  checker.on_second(seconds(12));
  EXPECT_EQ(checker.violations().size(), 1U);
  checker.on_second(seconds(14));
  EXPECT_EQ(checker.violations().size(), 2U);
}

TEST_F(CheckerTest, CallsSeesAnExchangeSettledTwiceOrNever) {
  CallsChecker checker(truth_);
  checker.on_exchange({seconds(1), 0, 9});
  checker.on_exchange({seconds(1), 0, 10});
  checker.on_exchange_ended({seconds(1), 0, 9});
  EXPECT_TRUE(checker.violations().empty());
  checker.on_exchange_ended({seconds(1), 0, 9});
  EXPECT_EQ(checker.violations().size(), 1U);
  checker.on_end(seconds(60));
  EXPECT_EQ(checker.violations().size(), 2U);
}

TEST_F(CheckerTest, CallsExcusesACrashButNotADrain) {
  CallsChecker checker(truth_);
  checker.on_exchange({seconds(1), 0, 9});
  checker.on_stopped({seconds(5), 0, true});
  checker.on_exchange({seconds(6), 0, 10});
  EXPECT_TRUE(checker.violations().empty());
  checker.on_stopped({seconds(9), 0, false});
  EXPECT_EQ(checker.violations().size(), 1U);
}

TEST_F(CheckerTest, DuplicatesSeesAKeyCarriedOutAgainThatHadItsAnswer) {
  DuplicatesChecker checker(truth_);
  checker.on_agent_succeeded({seconds(1), 0, "k"});  // and its caller hangs up
  checker.on_agent_succeeded({seconds(1), 0, "k"});
  checker.on_passed_on({seconds(1), 0, "k"});
  checker.on_agent_succeeded({seconds(1), 1, "k"});
  checker.on_agent_succeeded({seconds(1), 0, ""});
  EXPECT_TRUE(checker.violations().empty());
  checker.on_agent_succeeded({seconds(2), 0, "k"});
  EXPECT_EQ(checker.violations().size(), 1U);
}

TEST_F(CheckerTest, DeferralsBiteWhenAnAcceptedCallIsOnNoDisk) {
  DeferralsChecker checker(truth_);
  checker.on_deferred({seconds(1), 0, "a", seconds(20)});
  checker.on_deferral_on_disk({seconds(2), 0, "a"});
  checker.on_second(seconds(2));
  checker.on_deferral_on_disk({seconds(3), 1, "a"});  // another node's
  EXPECT_TRUE(checker.violations().empty());
  checker.on_second(seconds(3));
  EXPECT_EQ(checker.violations().size(), 1U);
}

TEST_F(CheckerTest, DeferralsLetGoOfWhatWasDeliveredOrIsTooOldAndOfNothingElse) {
  DeferralsChecker checker(truth_);
  for (const char* id : {"delivered", "old", "early"}) {
    checker.on_deferred({seconds(1), 0, id, seconds(20)});
    checker.on_deferral_on_disk({seconds(2), 0, id});
  }
  checker.on_second(seconds(2));
  checker.on_deferral_ended({seconds(3), 0, "delivered", true});
  checker.on_deferral_ended({seconds(1) + DeferralsChecker::age_max, 0, "old", false});
  EXPECT_TRUE(checker.violations().empty());
  checker.on_deferral_ended({seconds(4), 0, "early", false});
  EXPECT_EQ(checker.violations().size(), 1U);
  checker.on_second(seconds(30));
  EXPECT_EQ(checker.violations().size(), 1U);
}

}  // namespace
}  // namespace sim
