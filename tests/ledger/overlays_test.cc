#include "ledger/overlays.h"

#include "tests/ledger/ledger_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ledger {
namespace {

using samples::digest;
using samples::put;
using samples::World;
using testing::ElementsAre;

class OverlaysTest : public testing::Test {
 protected:
  bool execute(const char* block, const char* parent, std::vector<crypto::Verified<Op>> ops) {
    return overlays.execute(digest(block), digest(parent), world.after(1'000), ops).has_value();
  }
  World world;
  Overlays overlays{digest("genesis"), world.state};
};

TEST_F(OverlaysTest, StandOnOneAnotherUntilOneIsDecided) {
  EXPECT_TRUE(execute("a", "genesis", {world.op(1, put("k", "a", Expected::absent))}));
  EXPECT_TRUE(execute("b", "genesis", {world.op(2, put("k", "b", Expected::absent))}));
  EXPECT_FALSE(execute("a2", "a", {world.op(3, put("k", "c", Expected::absent))}));
  EXPECT_TRUE(execute("a3", "a", {world.op(3, put("k", "c", 1))}));
  EXPECT_EQ(overlays.size(), 3U);
  EXPECT_FALSE(overlays.knows(digest("a2")));

  const Outcome a = overlays.decide(digest("a"));
  EXPECT_EQ(overlays.decided().root(), a.state.root());
  EXPECT_EQ(overlays.decided_block(), digest("a"));
  overlays.discard(digest("b"));
  const Outcome c = overlays.decide(digest("a3"));
  EXPECT_EQ(std::get<DocumentChanged>(c.events.front()).version, 2U);
  EXPECT_EQ(overlays.size(), 0U);
}

TEST_F(OverlaysTest, GiveTheSameWhenABlockIsExecutedAgain) {
  const auto op = world.op(1, put("k", "a"));
  const auto first =
      overlays.execute(digest("a"), digest("genesis"), world.after(1), std::vector{op});
  const auto again =
      overlays.execute(digest("a"), digest("genesis"), world.after(1), std::vector{op});
  ASSERT_TRUE(first);
  EXPECT_EQ(*first, *again);
}

TEST_F(OverlaysTest, SelectWhatFitsTogether) {
  const Reconfigure change = samples::reconfigure(world.block.epoch_id, {1, 2, 3}, 50);
  const std::vector<crypto::Verified<Op>> candidates{
      world.op(1, put("k", "a", Expected::absent)),
      world.op(2, put("k", "b", Expected::absent)),
      world.op(9, Evict{.node = samples::node(1), .reason = "", .evidence = {}}),
      world.op(1, change),
      world.op(2, put("x", "y")),
  };
  const auto selected = overlays.select(digest("genesis"), world.after(1'000), candidates);
  ASSERT_TRUE(selected);
  EXPECT_THAT(selected->taken, ElementsAre(0, 3));
  EXPECT_TRUE(selected->outcome.next);
  const auto executed = overlays.execute(digest("a"), digest("genesis"), world.after(1'000),
                                         std::vector{candidates[0], candidates[3]});
  ASSERT_TRUE(executed);
  EXPECT_EQ((*executed)->state.root(), selected->outcome.state.root());
}

TEST_F(OverlaysTest, SelectNothingForAnotherEpoch) {
  BlockContext other = world.after(1);
  other.epoch = 3;
  EXPECT_EQ(overlays.select(digest("genesis"), other, {}).error(), Reason::wrong_epoch);
}

TEST_F(OverlaysTest, SayWhyAnOpIsNotEligible) {
  const auto evict = world.op(9, Evict{.node = samples::node(1), .reason = "", .evidence = {}});
  EXPECT_EQ(overlays.refusal_of(digest("genesis"), world.after(1), evict), Reason::not_allowed);
  EXPECT_EQ(overlays.refusal_of(digest("genesis"), world.after(1), world.op(1, put("k", "v"))),
            std::nullopt);
}

}  // namespace
}  // namespace ledger
