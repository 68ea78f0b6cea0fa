#include "ledger/ops/committee.h"

#include "tests/ledger/ledger_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ledger {
namespace {

using samples::done;
using samples::node;
using samples::World;
using testing::ElementsAre;

// Node 5 is a member and may be given a seat.
World world_of_five() {
  World world;
  EXPECT_EQ(world.decide(5, Join{}), done);
  return world;
}
Reconfigure change(const World& world, const std::vector<std::uint8_t>& numbers) {
  return samples::reconfigure(world.block.epoch_id, numbers, world.block.height + 10);
}

TEST(CommitteeTest, ChangesWithTheBlockThatSealsItsEpoch) {
  World world = world_of_five();
  EXPECT_EQ(world.decide(1, change(world, {1, 2, 3, 5})), done);
  ASSERT_TRUE(world.last->next);
  EXPECT_EQ(world.last->next->epoch, 1U);
  EXPECT_EQ(world.last->next->seats, samples::seats({1, 2, 3, 5}));
  EXPECT_THAT(world.events(), ElementsAre(Event(CommitteeChanged{1})));
  EXPECT_TRUE(world.member(5).has_role(validator_role));
  EXPECT_FALSE(world.member(4).has_role(validator_role));
  EXPECT_TRUE(world.member(4).has_role(operator_role));
  EXPECT_EQ(world.read<Role>(key::role(validator_role))->holders, 4U);
  // The next epoch goes on from there.
  EXPECT_EQ(world.decide(4, Leave{}), done);
  EXPECT_EQ(world.decide(1, change(world, {1, 2, 5})), done);
  EXPECT_EQ(world.last->next->epoch, 2U);
}

TEST(CommitteeTest, NothingFollowsASeal) {
  World world = world_of_five();
  const auto first = world.op(1, change(world, {1, 2, 3, 5}));
  const auto second = world.op(1, samples::put("k", "v"));
  const auto decided = world.decide({first, second});
  ASSERT_FALSE(decided);
  EXPECT_EQ(decided.error(), (Invalid{.op = 1, .reason = Reason::behind_seal}));
}

TEST(CommitteeTest, ChangesAtMostOneThirdAtATime) {
  World world = world_of_five();
  EXPECT_EQ(world.decide(6, Join{}), done);
  EXPECT_EQ(world.decide(1, change(world, {1, 2, 5, 6})), Reason::too_many_replaced);
  EXPECT_EQ(world.decide(1, change(world, {1, 2})), Reason::too_many_replaced);
  EXPECT_EQ(world.decide(1, change(world, {1, 2, 3, 4, 5, 6})), Reason::too_many_replaced);
  EXPECT_EQ(world.decide(1, change(world, {1, 2, 3, 4, 5})), done);
}

TEST(CommitteeTest, ANewKeyCountsAsANewSeat) {
  World world;
  Reconfigure op = change(world, {1, 2, 3, 4});
  op.seats[0].vote_key = samples::vote_key(50);
  op.seats[1].vote_key = samples::vote_key(51);
  EXPECT_EQ(world.decide(1, op), Reason::too_many_replaced);
  op.seats[1] = change(world, {1, 2, 3, 4}).seats[1];
  EXPECT_EQ(world.decide(1, op), done);
  EXPECT_EQ(world.read<Role>(key::role(validator_role))->holders, 4U);
}

TEST(CommitteeTest, NeedsAQuorumThatIsReady) {
  World world = world_of_five();
  Reconfigure op = change(world, {1, 2, 3, 5});
  op.ready.pop_back();
  EXPECT_EQ(world.decide(1, op), done);

  World strict = world_of_five();
  op = change(strict, {1, 2, 3, 5});
  op.ready.resize(2);
  EXPECT_EQ(strict.decide(1, op), Reason::not_ready);
  op = change(strict, {1, 2, 3, 5});
  op.ready[0].not_after_height = op.ready[1].not_after_height = strict.block.height;
  EXPECT_EQ(strict.decide(1, op), Reason::not_ready);
}

TEST(CommitteeTest, IsChangedOnlyByThoseWhoMay) {
  World world = world_of_five();
  EXPECT_EQ(world.decide(5, change(world, {1, 2, 3, 5})), Reason::not_allowed);
  EXPECT_EQ(world.decide(1, change(world, {1, 2, 3, 9})), Reason::unknown_node);
  Reconfigure op = change(world, {1, 2, 3, 5});
  op.epoch_id = samples::digest("another epoch");
  EXPECT_EQ(world.decide(1, op), Reason::wrong_epoch);
}

TEST(CommitteeTest, ABlockOfAnotherEpochIsRefused) {
  World world;
  world.block.epoch = 1;
  EXPECT_EQ(world.decide(1, Join{}), Reason::wrong_epoch);
  world.block.epoch = 0;
  world.wait(0);
  world.block.epoch_id = samples::digest("another history");
  EXPECT_EQ(world.decide(1, Join{}), Reason::wrong_epoch);
}

TEST(CommitteeTest, ATailBlockChangesNothing) {
  World world;
  const base::Digest before = world.state.root();
  world.block.tail = true;
  world.wait(0);
  EXPECT_EQ(world.state.root(), before);
  EXPECT_EQ(world.decide(1, samples::put("k", "v")), Reason::behind_seal);
}

TEST(EvidenceTest, NamesTheEquivocatorOnce) {
  World world = world_of_five();
  const ReportEvidence report = samples::evidence(3, 0, 17, world.block.epoch_id);
  EXPECT_EQ(world.decide(5, report), done);
  EXPECT_THAT(
      world.events(),
      ElementsAre(Event(EquivocatorNamed{
          .node = node(3), .epoch = 0, .view = 17, .proven = Equivocation::notarized_two})));
  EXPECT_TRUE(world.member(3).equivocator);
  EXPECT_TRUE(world.member(3).admitted());
  EXPECT_EQ(world.read<Evidence>(key::evidence(report))->reporter, node(5));
  EXPECT_EQ(world.decide(1, samples::evidence(3, 0, 18, world.block.epoch_id)),
            Reason::already_known);
  // It keeps its seat until the committee changes, and gets none again.
  EXPECT_EQ(world.decide(1, change(world, {1, 2, 3, 5})), done);
  EXPECT_EQ(world.decide(1, change(world, {1, 2, 5})), done);
  EXPECT_EQ(world.decide(1, change(world, {1, 2, 3, 5})), Reason::named_equivocator);
  EXPECT_EQ(world.decide(1, Evict{.node = node(3), .reason = "equivocated", .evidence = {}}), done);
  EXPECT_EQ(world.decide(1, Admit{.node = node(3), .roles = {}}), Reason::named_equivocator);
  EXPECT_EQ(world.decide(1, Forget{node(3)}), Reason::named_equivocator);
}

TEST(EvidenceTest, IsTakenAgainstMembersOfThatEpochOnly) {
  World world = world_of_five();
  EXPECT_EQ(world.decide(1, samples::evidence(5, 0, 17, world.block.epoch_id)),
            Reason::unknown_node);
  EXPECT_EQ(world.decide(1, samples::evidence(3, 0, 17, samples::digest("other"))),
            Reason::wrong_epoch);
  EXPECT_EQ(world.decide(1, samples::evidence(3, 1, 17, world.block.epoch_id)),
            Reason::wrong_epoch);
}

TEST(EvidenceTest, IsTakenForAWhileAfterTheEpoch) {
  World world = world_of_five();
  world.limits.epochs_kept = 2;
  const base::Digest first = world.block.epoch_id;
  EXPECT_EQ(world.decide(1, change(world, {1, 2, 3, 5})), done);
  EXPECT_EQ(world.decide(1, samples::evidence(4, 0, 1, first)), done);
  EXPECT_EQ(world.decide(1, change(world, {1, 2, 3, 5})), done);
  EXPECT_EQ(world.decide(1, samples::evidence(3, 0, 1, first)), Reason::wrong_epoch);
}

TEST(EvidenceTest, HasABound) {
  World world;
  world.limits.evidences_max = 1;
  world.wait(0);
  EXPECT_EQ(world.decide(1, samples::evidence(3, 0, 1, world.block.epoch_id)), done);
  EXPECT_EQ(world.decide(1, samples::evidence(4, 0, 1, world.block.epoch_id)), Reason::full);
}

}  // namespace
}  // namespace ledger
