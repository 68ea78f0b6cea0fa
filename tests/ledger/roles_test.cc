#include "ledger/ops/roles.h"

#include "tests/ledger/ledger_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ledger {
namespace {

using samples::done;
using samples::node;
using samples::World;
using testing::ElementsAre;

const DefineRole clerk{.name = "clerk", .rights = {Right::write_documents}, .prefixes = {"stock/"}};
const DefineRole silent_member{.name = "member", .rights = {}, .prefixes = {}};

TEST(RolesTest, ARoleSaysUnderWhichPrefixesItsHoldersWrite) {
  World world;
  EXPECT_EQ(world.decide(1, clerk), done);
  EXPECT_THAT(world.events(), ElementsAre(Event(RoleChanged{"clerk"})));
  EXPECT_EQ(world.decide(1, silent_member), done);
  EXPECT_EQ(world.decide(9, samples::put("stock/a", "1")), Reason::not_allowed);
  EXPECT_EQ(world.decide(9, Join{}), done);
  EXPECT_EQ(world.decide(1, AssignRoles{.node = node(9), .roles = {"clerk"}}), done);
  EXPECT_EQ(world.decide(9, samples::put("stock/a", "1")), done);
  EXPECT_EQ(world.decide(9, samples::put("prices/a", "1")), Reason::not_allowed);
  EXPECT_EQ(world.decide(9, DeleteDocument{.key = "stock/a"}), done);
  EXPECT_EQ(world.decide(1, samples::put("prices/a", "1")), done);
}

TEST(RolesTest, OnlyThoseWhoMayGiveRoles) {
  World world;
  EXPECT_EQ(world.decide(9, clerk), Reason::not_allowed);
  EXPECT_EQ(world.decide(9, SetRule{}), Reason::not_allowed);
  EXPECT_EQ(world.decide(9, AssignRoles{.node = node(9), .roles = {"operator"}}),
            Reason::not_allowed);
}

TEST(RolesTest, TheOperatorRoleStaysAsItIs) {
  World world;
  EXPECT_EQ(world.decide(1, DefineRole{.name = "operator", .rights = {}, .prefixes = {}}),
            Reason::reserved_role);
  EXPECT_EQ(world.decide(1, RemoveRole{"member"}), Reason::reserved_role);
}

TEST(RolesTest, ARoleInUseStays) {
  World world;
  EXPECT_EQ(world.decide(1, RemoveRole{"clerk"}), Reason::unknown_role);
  EXPECT_EQ(world.decide(1, clerk), done);
  EXPECT_EQ(world.decide(1, AssignRoles{.node = node(2), .roles = {"clerk", "operator"}}), done);
  EXPECT_EQ(world.read<Role>(key::role("clerk"))->holders, 1U);
  EXPECT_EQ(world.decide(1, RemoveRole{"clerk"}), Reason::role_in_use);
  EXPECT_EQ(world.decide(1, AssignRoles{.node = node(2), .roles = {"operator"}}), done);
  EXPECT_EQ(world.decide(1, RemoveRole{"clerk"}), done);
  EXPECT_EQ(world.totals().roles, 4U);
}

TEST(RolesTest, ARuleCanTakeARightFromSinglePersons) {
  World world;
  const SetRule rule{.right = Right::set_policies,
                     .rule = {.direct = false, .electorate = "voter", .share_ppm = 500'000}};
  EXPECT_EQ(world.decide(1, rule), done);
  EXPECT_THAT(world.events(), ElementsAre(Event(RuleChanged{Right::set_policies})));
  EXPECT_EQ(world.decide(1, SetPolicy{.name = "p", .scope = "", .yaml = "a: 1\n"}),
            Reason::needs_ballot);
}

TEST(RolesTest, ARuleNeedsSomebodyWhoCanFollowIt) {
  World world;
  EXPECT_EQ(world.decide(1, clerk), done);
  SetRule rule{.right = Right::evict, .rule = {.direct = false, .electorate = "clerk"}};
  EXPECT_EQ(world.decide(1, rule), Reason::last_holder);
  rule.rule.electorate = "nobody";
  EXPECT_EQ(world.decide(1, rule), Reason::unknown_role);
  EXPECT_EQ(world.decide(1, AssignRoles{.node = node(2), .roles = {"clerk", "operator"}}), done);
  rule.rule.electorate = "clerk";
  EXPECT_EQ(world.decide(1, rule), done);
  EXPECT_EQ(world.decide(1, AssignRoles{.node = node(2), .roles = {"operator"}}),
            Reason::last_holder);
}

TEST(RolesTest, MoreThanTheShareHasToAgree) {
  const Rule half{.direct = false, .electorate = "voter", .share_ppm = 500'000};
  EXPECT_EQ(half.needed(1), 1U);
  EXPECT_EQ(half.needed(2), 2U);
  EXPECT_EQ(half.needed(3), 2U);
  EXPECT_EQ(half.needed(4), 3U);
  const Rule all{.direct = false, .electorate = "voter", .share_ppm = 999'999};
  EXPECT_EQ(all.needed(7), 7U);
  EXPECT_EQ(all.needed(0), 1U);
}

TEST(RolesTest, ThereIsABound) {
  World world;
  world.limits.roles_max = 5;
  EXPECT_EQ(world.decide(1, clerk), done);
  EXPECT_EQ(world.decide(1, DefineRole{.name = "cook", .rights = {}, .prefixes = {}}),
            Reason::full);
}

}  // namespace
}  // namespace ledger
