#include "ledger/execution.h"

#include "tests/ledger/ledger_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ledger {
namespace {

using samples::done;
using samples::identity;
using samples::mesh;
using samples::put;
using samples::World;

crypto::Verified<Op> op(std::uint8_t author, std::uint64_t sequence, std::uint64_t not_after_ms,
                        Payload payload = put("k", "v")) {
  return crypto::Verified<Op>::own(
      Op::sign(identity(author), mesh(), sequence, not_after_ms, std::move(payload)));
}

TEST(ExecutionTest, TakesNoOpTwice) {
  World world;
  const std::uint64_t until = world.block.timestamp_ms + 60'000;
  EXPECT_TRUE(world.decide({op(1, 5, until)}));
  EXPECT_EQ(world.decide({op(1, 5, until)}).error().reason, Reason::replayed);
  EXPECT_EQ(world.decide({op(1, 4, until)}).error().reason, Reason::replayed);
  EXPECT_TRUE(world.decide({op(1, 9, until)}));  // gaps are allowed
  EXPECT_EQ(world.decide({op(1, 10, until), op(1, 10, until)}).error(),
            (Invalid{.op = 1, .reason = Reason::replayed}));
  EXPECT_EQ(world.decide({op(2, 0, until)}).error().reason, Reason::replayed);
}

TEST(ExecutionTest, TakesNoOpAgainAfterItsAuthorCameBack) {
  World world;
  const std::uint64_t until = world.block.timestamp_ms + 60'000;
  const auto first = op(9, 1, until);
  EXPECT_TRUE(world.decide({first}));
  EXPECT_TRUE(world.decide({op(9, 2, until, Leave{})}));
  EXPECT_TRUE(world.decide({op(9, 3, until, Join{})}));
  EXPECT_EQ(world.decide({first}).error().reason, Reason::replayed);
}

TEST(ExecutionTest, TakesOpsInTheirTimeOnly) {
  World world;
  const std::uint64_t now = world.block.timestamp_ms + 1'000;  // of the next block
  EXPECT_EQ(world.decide({op(1, 1, now - 1)}).error().reason, Reason::expired);
  world.block.timestamp_ms = now - 1'000;
  EXPECT_TRUE(world.decide({op(1, 1, now)}));
  world.block.timestamp_ms = now - 1'000;
  EXPECT_TRUE(world.decide({op(1, 2, now + world.limits.op_window_ms)}));
  world.block.timestamp_ms = now - 1'000;
  EXPECT_EQ(world.decide({op(1, 3, now + world.limits.op_window_ms + 1)}).error().reason,
            Reason::too_far_ahead);
}

TEST(ExecutionTest, OfABlockSaysWhichOpIsNotValid) {
  World world;
  const auto good = world.op(1, put("a", "1"));
  const auto bad = world.op(9, Evict{.node = samples::node(1), .reason = "", .evidence = {}});
  const base::Digest before = world.state.root();
  EXPECT_EQ(world.decide({good, bad}).error(), (Invalid{.op = 1, .reason = Reason::not_allowed}));
  EXPECT_EQ(world.state.root(), before);
}

TEST(ExecutionTest, GoesOnAfterAnOpThatDoesNotFit) {
  World world;
  const auto good = world.op(1, put("a", "1"));
  const auto bad = world.op(9, Evict{.node = samples::node(1), .reason = "", .evidence = {}});
  const auto other = world.op(2, put("b", "1"));
  Execution execution(world.state, world.after(1), world.limits);
  EXPECT_EQ(execution.apply(good), done);
  EXPECT_EQ(execution.apply(bad), Reason::not_allowed);
  EXPECT_EQ(execution.apply(other), done);
  const Outcome selected = std::move(execution).finish();
  // What was refused left no trace: not even its author, who would have joined with it.
  const auto executed =
      execute(world.state, world.after(1), std::vector{good, other}, world.limits);
  ASSERT_TRUE(executed);
  EXPECT_EQ(selected.state.root(), executed->state.root());
  EXPECT_EQ(selected.changes, executed->changes);
  EXPECT_EQ(selected.decisions, executed->decisions);
  EXPECT_EQ(selected.events, executed->events);
}

TEST(ExecutionTest, SaysWhichOpBroughtWhichEvents) {
  World world;
  const auto first = world.op(9, put("a", "1"));
  const auto second = world.op(1, DeleteDocument{.key = "a"});
  ASSERT_TRUE(world.decide({first, second}));
  EXPECT_THAT(world.last->decisions, testing::ElementsAre(Decision{.op = first->id(),
                                                                   .author = samples::node(9),
                                                                   .kind = OpKind::put_document,
                                                                   .first_event = 0,
                                                                   .events = 2},
                                                          Decision{.op = second->id(),
                                                                   .author = samples::node(1),
                                                                   .kind = OpKind::delete_document,
                                                                   .first_event = 2,
                                                                   .events = 1}));
}

TEST(ExecutionTest, ChangesLeadFromTheParentToTheState) {
  World world;
  const State before = world.state;
  ASSERT_TRUE(world.decide({world.op(9, put("a", "1")), world.op(1, put("a", "2"))}));
  EXPECT_EQ(before.with(world.last->changes).root(), world.state.root());
}

TEST(ExecutionTest, LeavesTheParentAsItIs) {
  World world;
  const State parent = world.state;
  const base::Digest root = parent.root();
  ASSERT_TRUE(world.decide({world.op(1, put("a", "1"))}));
  const State one = world.state;
  world.state = parent;
  ASSERT_TRUE(world.decide({world.op(1, put("a", "2"))}));
  EXPECT_EQ(parent.root(), root);
  EXPECT_NE(one.root(), world.state.root());
}

TEST(GenesisTest, HasARootThatHangsOnEverythingInIt) {
  Genesis genesis{.mesh = mesh(),
                  .name = "shop",
                  .admission = Admission::open,
                  .seats = samples::seats({1, 2, 3}),
                  .parameters = {}};
  const base::Digest root = initial_state(genesis).root();
  EXPECT_EQ(initial_state(genesis).root(), root);
  Genesis other = genesis;
  other.name = "shop2";
  EXPECT_NE(initial_state(other).root(), root);
  other = genesis;
  other.mesh.bytes[0] ^= std::byte{1};
  EXPECT_NE(initial_state(other).root(), root);
  other = genesis;
  other.admission = Admission::invitation;
  EXPECT_NE(initial_state(other).root(), root);
  other = genesis;
  other.seats = samples::seats({1, 2, 4});
  EXPECT_NE(initial_state(other).root(), root);
  other = genesis;
  other.parameters.block_ops_max = 7;
  EXPECT_NE(initial_state(other).root(), root);
}

TEST(GenesisTest, MakesFoundersOperators) {
  World world;
  EXPECT_THAT(world.member(2).roles,
              testing::ElementsAre("member", "operator", "validator", "voter"));
  EXPECT_EQ(world.totals().members, 4U);
  EXPECT_EQ(world.totals().roles, 4U);
  EXPECT_EQ(world.read<Committee>(key::committee)->seats, samples::seats({1, 2, 3, 4}));
}

}  // namespace
}  // namespace ledger
