#include "ledger/ops/members.h"

#include "tests/ledger/ledger_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ledger {
namespace {

using samples::done;
using samples::node;
using samples::World;
using testing::ElementsAre;

AssignRoles roles(std::uint8_t number, RoleNames names) {
  return {.node = node(number), .roles = std::move(names)};
}

TEST(MembersTest, InAnOpenMeshTheFirstOpLetsANodeIn) {
  World world;
  EXPECT_EQ(world.decide(9, samples::put("k", "v")), done);
  EXPECT_TRUE(world.member(9).admitted());
  EXPECT_THAT(world.events(), ElementsAre(Event(MemberAdmitted{node(9)}),
                                          Event(DocumentChanged{.key = "k", .version = 1})));
  EXPECT_EQ(world.decide(8, Join{}), done);
  EXPECT_EQ(world.decide(8, Join{}), Reason::already_admitted);
}

TEST(MembersTest, InAClosedMeshAStrangerMayNothing) {
  for (const Admission admission : {Admission::invitation, Admission::vote}) {
    World world(admission);
    EXPECT_EQ(world.decide(9, samples::put("k", "v")), Reason::not_admitted);
    EXPECT_EQ(world.decide(9, Leave{}), Reason::not_admitted);
  }
  EXPECT_EQ(World(Admission::invitation).decide(9, Join{}), Reason::not_admitted);
  EXPECT_EQ(World(Admission::vote).decide(9, Join{}), Reason::by_vote_only);
}

TEST(MembersTest, AnInvitationLetsItsInviteeIn) {
  World world(Admission::invitation);
  const std::uint64_t until = world.block.timestamp_ms + 100'000;
  const Invitation invitation = samples::invitation(1, node(9), 5, until);
  EXPECT_EQ(world.decide(8, Join{invitation}), Reason::bad_invitation);
  EXPECT_EQ(world.decide(9, Join{invitation}), done);
  EXPECT_EQ(world.member(9).by, node(1));
  EXPECT_THAT(world.member(9).roles, ElementsAre("member"));
  // A plain member may invite in turn.
  EXPECT_EQ(world.decide(10, Join{samples::invitation(9, node(10), 1, until)}), done);
  // Whoever is no member may not.
  EXPECT_EQ(world.decide(11, Join{samples::invitation(20, node(11), 1, until)}),
            Reason::bad_invitation);
}

TEST(MembersTest, AnInvitationForAnybodyIsGoodOnce) {
  World world(Admission::invitation);
  const std::uint64_t until = world.block.timestamp_ms + 100'000;
  const Invitation invitation = samples::invitation(1, {}, 5, until);
  EXPECT_EQ(world.decide(9, Join{invitation}), done);
  EXPECT_EQ(world.decide(8, Join{invitation}), Reason::invitation_used);
  EXPECT_EQ(world.decide(8, Join{samples::invitation(1, {}, 6, until)}), done);
}

TEST(MembersTest, InvitationsEndAndAreForgottenThen) {
  World world(Admission::invitation);
  world.limits.invitations_used_max = 1;
  const std::uint64_t until = world.block.timestamp_ms + 10'000;
  EXPECT_EQ(world.decide(9, Join{samples::invitation(1, {}, 5, until)}), done);
  EXPECT_EQ(world.decide(8, Join{samples::invitation(1, {}, 6, until)}), Reason::full);
  world.wait(20'000);
  EXPECT_EQ(world.decide(8, Join{samples::invitation(1, {}, 6, until)}), Reason::bad_invitation);
  EXPECT_EQ(world.decide(8, Join{samples::invitation(1, {}, 6, until + 50'000)}), done);
  const std::uint64_t far = world.block.timestamp_ms + world.limits.invitation_ms_max + 5'000;
  EXPECT_EQ(world.decide(7, Join{samples::invitation(1, {}, 7, far)}), Reason::bad_invitation);
}

TEST(MembersTest, OperatorsAdmitWithRoles) {
  World world(Admission::invitation);
  EXPECT_EQ(world.decide(1, Admit{.node = node(9), .roles = {"voter"}}), done);
  EXPECT_THAT(world.member(9).roles, ElementsAre("member", "voter"));
  EXPECT_EQ(world.decide(9, Admit{.node = node(10), .roles = {}}), Reason::not_allowed);
  EXPECT_EQ(world.decide(1, Admit{.node = node(10), .roles = {"clerk"}}), Reason::unknown_role);
  EXPECT_EQ(world.decide(1, Admit{.node = node(10), .roles = {"validator"}}),
            Reason::reserved_role);
  // Nothing of what was refused half-way is left.
  EXPECT_FALSE(world.state.find(key::member(node(10))));
  EXPECT_EQ(world.totals().members, 5U);
}

TEST(MembersTest, WhoWasEvictedComesBackOnlyByAdmission) {
  World world;
  EXPECT_EQ(world.decide(9, Join{}), done);
  const Evict evict{.node = node(9), .reason = "lies", .evidence = samples::digest("log")};
  EXPECT_EQ(world.decide(9, evict), Reason::not_allowed);
  EXPECT_EQ(world.decide(1, evict), done);
  EXPECT_THAT(world.events(), ElementsAre(Event(MemberEvicted{.node = node(9), .reason = "lies"})));
  EXPECT_EQ(world.member(9).standing, Standing::evicted);
  EXPECT_EQ(world.member(9).evidence, samples::digest("log"));
  EXPECT_TRUE(world.member(9).roles.empty());
  EXPECT_EQ(world.decide(1, evict), Reason::unknown_node);
  EXPECT_EQ(world.decide(9, samples::put("k", "v")), Reason::not_admitted);
  EXPECT_EQ(world.decide(9, Join{}), Reason::not_admitted);
  EXPECT_EQ(world.decide(1, Admit{.node = node(9), .roles = {}}), done);
  EXPECT_EQ(world.decide(9, samples::put("k", "v")), done);
}

TEST(MembersTest, WhoLeftComesBackAsItCame) {
  World world;
  EXPECT_EQ(world.decide(9, Join{}), done);
  EXPECT_EQ(world.decide(9, Leave{}), done);
  EXPECT_THAT(world.events(), ElementsAre(Event(MemberLeft{node(9)})));
  EXPECT_EQ(world.member(9).standing, Standing::left);
  EXPECT_EQ(world.decide(9, Join{}), done);
}

TEST(MembersTest, ARevokedIdentityNeverComesBack) {
  World world;
  EXPECT_EQ(world.decide(9, Join{}), done);
  EXPECT_EQ(world.decide(9, Revoke{.node = node(8), .reason = ""}), Reason::not_allowed);
  EXPECT_EQ(world.decide(9, Revoke{.node = node(9), .reason = "stolen"}), done);
  EXPECT_EQ(world.decide(9, Join{}), Reason::revoked_identity);
  EXPECT_EQ(world.decide(1, Admit{.node = node(9), .roles = {}}), Reason::revoked_identity);
  // One that never was a member can be revoked too.
  EXPECT_EQ(world.decide(1, Revoke{.node = node(8), .reason = "sold"}), done);
  EXPECT_EQ(world.decide(8, Join{}), Reason::revoked_identity);
  EXPECT_EQ(world.decide(1, Revoke{.node = node(8), .reason = "again"}), Reason::already_known);
  EXPECT_EQ(world.decide(1, Forget{node(8)}), Reason::revoked_identity);
}

TEST(MembersTest, WhoHasASeatCannotBePutOut) {
  World world;
  EXPECT_EQ(world.decide(1, Evict{.node = node(2), .reason = "", .evidence = {}}),
            Reason::has_seat);
  EXPECT_EQ(world.decide(2, Leave{}), Reason::has_seat);
  EXPECT_EQ(world.decide(2, Revoke{.node = node(2), .reason = ""}), Reason::has_seat);
}

TEST(MembersTest, TheLastOperatorStays) {
  World world(Admission::open, 2);
  EXPECT_EQ(world.decide(1, roles(2, {})), done);
  EXPECT_THAT(world.member(2).roles, ElementsAre("member", "validator"));
  EXPECT_EQ(world.decide(1, roles(1, {"voter"})), Reason::last_holder);
  EXPECT_EQ(world.decide(2, roles(1, {})), Reason::not_allowed);
}

TEST(MembersTest, ForgettingWaitsUntilNoOpCanComeBack) {
  World world;
  EXPECT_EQ(world.decide(9, Join{}), done);
  EXPECT_EQ(world.decide(1, Forget{node(9)}), Reason::unknown_node);
  EXPECT_EQ(world.decide(9, Leave{}), done);
  EXPECT_EQ(world.decide(1, Forget{node(9)}), Reason::too_early);
  EXPECT_GT(world.limits.forget_after_ms, world.limits.op_window_ms);
  world.wait(world.limits.forget_after_ms);
  EXPECT_EQ(world.decide(1, Forget{node(9)}), done);
  EXPECT_FALSE(world.state.find(key::member(node(9))));
  EXPECT_FALSE(world.state.find(key::sequence(node(9))));
  EXPECT_EQ(world.totals().members, 4U);
}

TEST(MembersTest, ThereIsABound) {
  World world;
  world.limits.members_max = 5;
  EXPECT_EQ(world.decide(9, Join{}), done);
  EXPECT_EQ(world.decide(8, Join{}), Reason::full);
  EXPECT_EQ(world.decide(8, samples::put("k", "v")), Reason::full);
  EXPECT_EQ(world.decide(1, Revoke{.node = node(8), .reason = ""}), Reason::full);
}

}  // namespace
}  // namespace ledger
