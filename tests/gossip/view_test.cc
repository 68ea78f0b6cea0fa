#include "gossip/view.h"

#include "crypto/identity.h"
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

}  // namespace
}  // namespace gossip
