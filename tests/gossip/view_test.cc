#include "gossip/view.h"

#include "crypto/identity.h"
#include "gossip/anti_entropy.h"
#include "gossip/own_record.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <vector>

namespace gossip {
namespace {

using namespace std::chrono_literals;

// A view of node 0 over `count` nodes that publish and accuse as told.
class ViewTest : public testing::Test {
 protected:
  void fill(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      crypto::Seed seed;
      seed.bytes[0] = std::byte(i + 1);
      const crypto::Identity identity = crypto::Identity::from_seed(seed);
      Record record;
      record.version.epoch = 1;
      record.endpoint = base::Endpoint::v4({10, 0, 0, 1}, static_cast<std::uint16_t>(i + 1));
      ids.push_back(identity.id());
      nodes.emplace_back(options, mesh, identity, record);
      nodes.back().on_joined();
    }
    view = std::make_unique<View>(options, mesh, ids[0]);
    for (std::size_t i = 0; i < count; ++i) publish(i);
  }
  View::Put publish(std::size_t i) {
    nodes[i].on_accused();
    now = now + 1s;
    return view->put(*nodes[i].on_time(now), now, effects);
  }
  bool accuse(const base::NodeId& accuser, std::size_t subject) {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (ids[i] != accuser) continue;
      const Member* member = view->find(ids[subject]);
      return view->accuse(nodes[i].accuse(ids[subject], view->digest(*member)), now);
    }
    return false;
  }
  MemberState judged(std::size_t subject) {
    View::Looks looks;
    view->judge(1, now, effects, looks);
    asked_to_look = looks.last;
    return view->find(ids[subject])->state;
  }
  // Its time is over, and our own last look finds nobody.
  MemberState buried(std::size_t subject) {
    EXPECT_EQ(judged(subject), MemberState::suspect);
    EXPECT_EQ(asked_to_look, std::vector{ids[subject]});
    view->on_unreached(ids[subject]);
    now = now + 1s;
    return judged(subject);
  }

  Options options;
  base::MeshId mesh;
  base::Instant now = base::Instant::from_nanoseconds(1);
  std::vector<base::NodeId> ids;
  std::vector<OwnRecord> nodes;
  std::unique_ptr<View> view;
  Effects effects;
  std::vector<base::NodeId> asked_to_look;
};

TEST_F(ViewTest, AnOlderRecordNeverReplacesANewerOne) {
  fill(3);
  now = now + 1s;
  nodes[1].on_accused();
  const auto older = nodes[1].on_time(now);
  ASSERT_EQ(publish(1), View::Put::newer);
  const std::uint64_t digest = view->table_digest();
  EXPECT_EQ(view->put(*older, now, effects), View::Put::stale);
  EXPECT_EQ(view->table_digest(), digest);
}

TEST_F(ViewTest, ToleratedAccusersMakeASuspectButNoDeath) {
  fill(16);
  const auto monitors = view->rings().monitors(ids[5]);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(accuse(monitors[i], 5));
  EXPECT_EQ(judged(5), MemberState::suspect);
  now = now + 10min;
  EXPECT_EQ(judged(5), MemberState::suspect);
  EXPECT_TRUE(view->find(ids[5])->degraded);
}

TEST_F(ViewTest, OneAccuserMoreThanToleratedIsADeathWhenTheTimeIsOver) {
  fill(16);
  const auto monitors = view->rings().monitors(ids[5]);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_TRUE(accuse(monitors[i], 5));
  EXPECT_EQ(judged(5), MemberState::suspect);
  now = now + options.suspicion_min / 2;
  EXPECT_EQ(judged(5), MemberState::suspect);
  now = now + options.suspicion_min * options.suspicion_max_factor;
  EXPECT_EQ(buried(5), MemberState::dead);
  EXPECT_EQ(view->rings().size(), 15U);
  EXPECT_EQ(view->evidence(*view->find(ids[5])).size(), 4U);
}

TEST_F(ViewTest, NobodyIsBuriedWhoAnswersOurLastLook) {
  fill(16);
  for (const auto& monitor : view->rings().monitors(ids[5])) accuse(monitor, 5);
  judged(5);
  now = now + options.suspicion_min;
  for (int turn = 0; turn < 5; ++turn) {
    EXPECT_EQ(judged(5), MemberState::suspect);
    EXPECT_EQ(asked_to_look, std::vector{ids[5]});
    view->on_answered(ids[5], 1ms, now + 100ms);
    now = now + 1s;
    EXPECT_EQ(judged(5), MemberState::suspect);
    EXPECT_TRUE(asked_to_look.empty());  // it has its time to refute anew
    now = now + options.suspicion_min;
  }
  EXPECT_EQ(buried(5), MemberState::dead);
}

TEST_F(ViewTest, ALastLookThatTellsNothingHoldsUpNoDeath) {
  fill(16);
  for (const auto& monitor : view->rings().monitors(ids[5])) accuse(monitor, 5);
  judged(5);
  now = now + options.suspicion_min;
  EXPECT_EQ(judged(5), MemberState::suspect);
  now = now + 2s;
  EXPECT_EQ(judged(5), MemberState::dead);
}

TEST_F(ViewTest, ANewerRecordVoidsAllAccusationsAndRevivesTheDead) {
  fill(16);
  for (const auto& monitor : view->rings().monitors(ids[5])) accuse(monitor, 5);
  judged(5);
  now = now + options.suspicion_min;
  ASSERT_EQ(buried(5), MemberState::dead);
  EXPECT_EQ(publish(5), View::Put::newer);
  EXPECT_EQ(judged(5), MemberState::serving);
  EXPECT_TRUE(view->evidence(*view->find(ids[5])).empty());
  EXPECT_EQ(view->rings().size(), 16U);
}

TEST_F(ViewTest, AnAccusationOfAnotherRecordCountsForNothing) {
  fill(16);
  const auto monitor = view->rings().monitors(ids[5]).front();
  const auto old = view->digest(*view->find(ids[5]));
  publish(5);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] == monitor) {
      EXPECT_FALSE(view->accuse(nodes[i].accuse(ids[5], old), now));
    }
  }
}

TEST_F(ViewTest, TheEvidenceAgainstOneSubjectIsBoundedAndMonitorsComeFirst) {
  fill(60);
  const Rings& rings = view->rings();
  for (std::size_t i = 0; i < 60; ++i) {
    if (i != 5 && !rings.is_monitor(ids[i], ids[5])) accuse(ids[i], 5);
  }
  const Member& member = *view->find(ids[5]);
  EXPECT_EQ(view->evidence(member).size(), options.accusations_per_subject_max);
  for (const auto& monitor : rings.monitors(ids[5])) EXPECT_TRUE(accuse(monitor, 5));
  EXPECT_EQ(view->evidence(member).size(), options.accusations_per_subject_max);
  judged(5);
  now = now + options.suspicion_min;
  EXPECT_EQ(buried(5), MemberState::dead);
}

TEST_F(ViewTest, AStarvedNodeGivesSuspectsTheirTimeAnew) {
  fill(16);
  for (const auto& monitor : view->rings().monitors(ids[5])) accuse(monitor, 5);
  judged(5);
  now = now + 30s;
  view->on_starved(now + 2s);
  EXPECT_EQ(judged(5), MemberState::suspect);
  now = now + 2s;
  EXPECT_EQ(judged(5), MemberState::suspect);
  now = now + options.suspicion_min;
  EXPECT_EQ(buried(5), MemberState::dead);
}

TEST_F(ViewTest, TheForgottenDoNotComeBackByTheirOldRecord) {
  fill(4);
  nodes[2].on_leave();
  now = now + 1s;
  const auto left = nodes[2].on_time(now);
  view->put(*left, now, effects);
  now = now + options.forget_after;
  view->forget_old(now, effects);
  ASSERT_EQ(view->find(ids[2]), nullptr);
  EXPECT_EQ(view->put(*left, now, effects), View::Put::stale);
  EXPECT_EQ(view->find(ids[2]), nullptr);
}

TEST_F(ViewTest, TheDigestDependsOnTheRecordsAndNotOnTheirOrder) {
  fill(8);
  View other(options, mesh, ids[0]);
  for (std::size_t i = 8; i-- > 0;) {
    other.put(crypto::Verified<SignedRecord>::own(nodes[i].current()), now, effects);
  }
  EXPECT_EQ(other.table_digest(), view->table_digest());
  EXPECT_EQ(other.buckets(), view->buckets());
  publish(3);
  EXPECT_NE(other.table_digest(), view->table_digest());
}

TEST_F(ViewTest, RemembersTheVersionsOfThoseItForgotLast) {
  options.graves_max = 2;
  fill(4);
  std::vector<std::size_t> by_id{1, 2, 3};
  std::sort(by_id.begin(), by_id.end(), [&](auto a, auto b) { return ids[a] < ids[b]; });
  for (const std::size_t i : {by_id[2], by_id[0], by_id[1]}) {
    nodes[i].on_leave();
    publish(i);
    now = now + options.forget_after;
    view->forget_old(now, effects);
  }
  EXPECT_EQ(view->newest(ids[by_id[2]]), nullptr);
  EXPECT_NE(view->newest(ids[by_id[0]]), nullptr);
  EXPECT_NE(view->newest(ids[by_id[1]]), nullptr);
}

TEST_F(ViewTest, TellsNoMoreOfThoseThatAreGoneForLong) {
  fill(3);
  const std::uint64_t before = view->table_digest();
  const std::size_t gone = 2;
  nodes[gone].on_leave();
  publish(gone);
  view->on_heard(ids[gone], true);
  EXPECT_NE(view->table_digest(), before);
  now = view->next_forgetting();
  view->forget_old(now, effects);
  const Member* member = view->find(ids[gone]);
  ASSERT_NE(member, nullptr) << "it is remembered for a day";
  EXPECT_FALSE(view->told(*member));
  for (const SignedRecord& record : page_of(*view, {}, 100).records) {
    EXPECT_NE(record.record.subject, ids[gone]);
  }
  // Whoever never knew it has the same digest.
  View other(options, mesh, ids[0]);
  for (const std::size_t i : {0U, 1U}) {
    other.put(crypto::Verified<SignedRecord>::own(view->find(ids[i])->record), now, effects);
  }
  EXPECT_EQ(view->table_digest(), other.table_digest());
  now = view->next_forgetting();
  view->forget_old(now, effects);
  EXPECT_EQ(view->find(ids[gone]), nullptr);
  EXPECT_EQ(view->table_digest(), other.table_digest());
}

TEST_F(ViewTest, ForgetsSoonWhomItNeverHeard) {
  fill(4);
  const auto leave = [&](std::size_t i) {
    nodes[i].on_leave();
    publish(i);
  };
  view->on_heard(ids[1], true);
  leave(1);
  leave(2);
  now = now + options.forget_unheard_after;
  view->forget_old(now, effects);
  EXPECT_NE(view->find(ids[1]), nullptr);
  EXPECT_EQ(view->find(ids[2]), nullptr);
}

TEST_F(ViewTest, AFullTableMakesRoomOfTheGoneAndTheUnheardButNotOfTheLiving) {
  options.members_max = 5;
  fill(5);
  view->on_heard(ids[1], true);
  view->on_heard(ids[2], true);
  nodes[1].on_leave();
  publish(1);
  nodes[3].on_leave();
  publish(3);
  std::vector<base::NodeId> went;
  const auto make_room = [&] {
    effects.clear();
    if (!view->make_room(now, effects)) return false;
    for (const Effect& effect : effects) {
      if (const auto* gone = std::get_if<MemberForgotten>(&effect)) went.push_back(gone->id);
    }
    return true;
  };
  ASSERT_TRUE(make_room());
  EXPECT_EQ(went, std::vector{ids[3]}) << "gone and never heard";
  ASSERT_TRUE(make_room());
  EXPECT_EQ(went.size(), 1U) << "there is room now";
  const auto fill_up = [&](std::uint8_t number) {
    SignedRecord record;
    record.record.subject.bytes[0] = std::byte(number);
    record.record.version.epoch = 1;
    view->put(crypto::Verified<SignedRecord>::own(record), now, effects);
    view->on_heard(record.record.subject, true);
  };
  fill_up(1);
  ASSERT_TRUE(make_room());
  EXPECT_EQ(went.back(), ids[1]) << "gone";
  fill_up(2);
  now = now + options.unheard_grace;
  ASSERT_TRUE(make_room());
  EXPECT_EQ(went.back(), ids[4]) << "never heard, though it had the time";
  fill_up(3);
  EXPECT_FALSE(make_room()) << "all the others live";
}

// Whom somebody said to be out may not take part.
class BarredTest : public ViewTest {
 protected:
  BarredTest() {
    fill(5);
    view->guard([this](const base::NodeId& id) { return id != out; });
    effects.clear();
  }
  void put_out(const base::NodeId& id) {
    out = id;
    view->on_doors_changed({}, now, effects);
  }
  std::vector<MemberState> told_of(const base::NodeId& id) const {
    std::vector<MemberState> told;
    for (const Effect& effect : effects) {
      const auto* change = std::get_if<MemberChanged>(&effect);
      if (change != nullptr && change->id == id) told.push_back(change->after);
    }
    return told;
  }

  base::NodeId out;
};

TEST_F(BarredTest, HasLeftWhateverItSaysAndIsNeitherOnTheRingsNorInTheDigest) {
  View other(options, mesh, ids[0]);
  for (const std::size_t i : {0U, 1U, 3U, 4U}) {
    other.put(crypto::Verified<SignedRecord>::own(nodes[i].current()), now, effects);
  }
  effects.clear();
  put_out(ids[2]);
  EXPECT_EQ(publish(2), View::Put::newer);
  EXPECT_EQ(told_of(ids[2]), (std::vector{MemberState::left, MemberState::left}));
  EXPECT_EQ(view->rings().size(), 4U);
  EXPECT_FALSE(view->told(*view->find(ids[2])));
  EXPECT_EQ(view->table_digest(), other.table_digest());
  EXPECT_FALSE(accuse(ids[1], 2)) << "it is out already";
}

TEST_F(BarredTest, EntersATableAsOneThatLeft) {
  out = ids[2];
  view = std::make_unique<View>(options, mesh, ids[0]);
  view->guard([this](const base::NodeId& id) { return id != out; });
  for (std::size_t i = 0; i < ids.size(); ++i) publish(i);
  EXPECT_EQ(told_of(ids[2]), std::vector{MemberState::left});
  EXPECT_EQ(view->rings().size(), 4U);
}

TEST_F(BarredTest, StandsByItsRecordAgainOnceItMayTakePart) {
  const std::uint64_t digest = view->table_digest();
  put_out(ids[2]);
  put_out({});
  EXPECT_EQ(told_of(ids[2]), (std::vector{MemberState::left, MemberState::serving}));
  EXPECT_EQ(view->rings().size(), 5U);
  EXPECT_EQ(view->table_digest(), digest);
}

TEST_F(BarredTest, WhatIsKnownAgainstItIsJudgedOnceItMayTakePart) {
  for (const base::NodeId& monitor : view->rings().monitors(ids[2])) accuse(monitor, 2);
  EXPECT_EQ(judged(2), MemberState::suspect);
  put_out(ids[2]);
  now = now + 10min;
  EXPECT_EQ(judged(2), MemberState::left);
  put_out({});
  EXPECT_EQ(judged(2), MemberState::suspect);
}

TEST_F(BarredTest, IsOfferedToNobodyAndAskedOfNobody) {
  const Summary before = summarize(*view, {});
  put_out(ids[2]);
  const Exchange exchange = difference(*view, before, 100);
  EXPECT_TRUE(exchange.wanted.empty());
  EXPECT_TRUE(exchange.records.empty());
  EXPECT_EQ(summarize(*view, {}).entries.size(), 4U);
}

TEST_F(BarredTest, OneThatWasForgottenComesBackWithTheRecordThatItHad) {
  put_out(ids[2]);
  now = now + options.forget_after;
  view->forget_old(now, effects);
  ASSERT_EQ(view->find(ids[2]), nullptr);
  out = {};
  view->put(crypto::Verified<SignedRecord>::own(nodes[2].current()), now, effects);
  ASSERT_NE(view->find(ids[2]), nullptr);
  EXPECT_EQ(view->find(ids[2])->state, MemberState::serving);
}

}  // namespace
}  // namespace gossip
