#include "ledger/ops/ballots.h"

#include "tests/ledger/ledger_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ledger {
namespace {

using samples::ballot;
using samples::done;
using samples::node;
using samples::put;
using samples::role;
using samples::World;
using testing::ElementsAre;
using testing::Field;
using testing::VariantWith;

class BallotsTest : public testing::Test {
 protected:
  // Opens it and remembers it.
  std::optional<Reason> open(std::uint8_t author, const OpenBallot& ask) {
    const auto refusal = world.decide(author, ask);
    id = world.newest;
    return refusal;
  }
  std::optional<Reason> agree(std::uint8_t voter) {
    return world.decide(voter, CastBallot{.ballot = id, .choice = Choice::agree});
  }
  std::optional<Reason> reject(std::uint8_t voter) {
    return world.decide(voter, CastBallot{.ballot = id, .choice = Choice::reject});
  }
  [[nodiscard]] Ballot kept() const { return *world.read<Ballot>(key::ballot(id)); }
  [[nodiscard]] std::uint64_t soon() const { return world.block.timestamp_ms + 60'000; }

  World world;
  base::Digest id;
};

TEST_F(BallotsTest, CarryOnceEnoughAgree) {
  EXPECT_EQ(open(1, ballot("pay?", role("voter"), 3, soon())), done);
  EXPECT_THAT(world.events(), ElementsAre(Event(BallotOpened{id})));
  EXPECT_EQ(agree(1), done);
  EXPECT_EQ(agree(2), done);
  EXPECT_EQ(kept().result, BallotResult::open);
  EXPECT_EQ(agree(3), done);
  EXPECT_THAT(world.events(),
              ElementsAre(Event(BallotCast{.id = id, .voter = node(3), .choice = Choice::agree}),
                          Event(BallotClosed{.id = id,
                                             .result = BallotResult::carried,
                                             .agreed = 3,
                                             .rejected = 0,
                                             .effect_refusal = std::nullopt})));
  EXPECT_EQ(kept().agreed, 3U);
  EXPECT_EQ(agree(4), Reason::ballot_closed);
}

TEST_F(BallotsTest, AreLostOnceTooManyReject) {
  EXPECT_EQ(open(1, ballot("pay?", role("voter"), 3, soon())), done);
  EXPECT_EQ(reject(1), done);
  EXPECT_EQ(kept().result, BallotResult::open);
  EXPECT_EQ(reject(2), done);
  EXPECT_EQ(kept().result, BallotResult::rejected);
  EXPECT_EQ(kept().rejected, 2U);
}

TEST_F(BallotsTest, CountTheLastVoteOfEach) {
  EXPECT_EQ(open(1, ballot("pay?", role("voter"), 2, soon())), done);
  EXPECT_EQ(agree(1), done);
  EXPECT_EQ(agree(1), done);
  EXPECT_EQ(kept().result, BallotResult::open);
  EXPECT_EQ(reject(1), done);
  EXPECT_EQ(agree(2), done);
  EXPECT_EQ(kept().result, BallotResult::open);
  EXPECT_EQ(agree(3), done);
  EXPECT_EQ(kept().result, BallotResult::carried);
  EXPECT_EQ(kept().rejected, 1U);
}

TEST_F(BallotsTest, AreForTheirElectorateOnly) {
  EXPECT_EQ(open(1, ballot("pay?", samples::list({2, 9}), 2, soon())), done);
  EXPECT_EQ(agree(1), Reason::no_voter);
  EXPECT_EQ(agree(9), done);  // joins with its first op
  EXPECT_EQ(agree(2), done);
  EXPECT_EQ(kept().result, BallotResult::carried);
  EXPECT_EQ(world.decide(1, CastBallot{.ballot = samples::digest("none")}), Reason::unknown_ballot);
}

TEST_F(BallotsTest, DoNotCountThoseWhoLostTheirVote) {
  EXPECT_EQ(world.decide(9, Join{}), done);
  EXPECT_EQ(world.decide(1, AssignRoles{.node = node(9), .roles = {"voter"}}), done);
  EXPECT_EQ(open(1, ballot("pay?", role("voter"), 3, soon())), done);
  EXPECT_EQ(agree(9), done);
  EXPECT_EQ(agree(1), done);
  EXPECT_EQ(world.decide(1, Evict{.node = node(9), .reason = "", .evidence = {}}), done);
  EXPECT_EQ(agree(2), done);
  EXPECT_EQ(kept().result, BallotResult::open);
  EXPECT_EQ(agree(3), done);
  EXPECT_EQ(kept().result, BallotResult::carried);
  EXPECT_EQ(kept().agreed, 3U);
}

TEST_F(BallotsTest, ExpireByTheTimeOfBlocks) {
  const std::uint64_t until = world.block.timestamp_ms + 5'000;
  EXPECT_EQ(open(1, ballot("pay?", role("voter"), 3, until)), done);
  EXPECT_EQ(agree(1), done);
  world.block.timestamp_ms = until - 1'000;
  EXPECT_EQ(agree(2), done);  // in the last block in which votes count
  EXPECT_EQ(world.block.timestamp_ms, until);
  world.wait(0);
  EXPECT_THAT(world.events(), ElementsAre(Event(BallotClosed{.id = id,
                                                             .result = BallotResult::expired,
                                                             .agreed = 2,
                                                             .rejected = 0,
                                                             .effect_refusal = std::nullopt})));
  EXPECT_EQ(agree(3), Reason::ballot_closed);
}

TEST_F(BallotsTest, EndWithinBounds) {
  EXPECT_EQ(open(1, ballot("?", role("voter"), 1, world.block.timestamp_ms - 1)),
            Reason::out_of_range);
  const std::uint64_t far = world.block.timestamp_ms + world.limits.ballot_ms_max + 9'000;
  EXPECT_EQ(open(1, ballot("?", role("voter"), 1, far)), Reason::out_of_range);
  EXPECT_EQ(open(1, ballot("?", role("nobody"), 1, soon())), Reason::unknown_role);
  EXPECT_EQ(open(1, ballot("?", samples::list({1, 2}), 3, soon())), Reason::out_of_range);
}

TEST_F(BallotsTest, AreWithdrawnByWhoOpenedThem) {
  EXPECT_EQ(open(1, ballot("?", role("voter"), 2, soon())), done);
  EXPECT_EQ(world.decide(9, WithdrawBallot{id}), Reason::not_allowed);
  EXPECT_EQ(world.decide(1, WithdrawBallot{id}), done);
  EXPECT_EQ(kept().result, BallotResult::withdrawn);
  EXPECT_EQ(world.decide(1, WithdrawBallot{id}), Reason::ballot_closed);
  EXPECT_EQ(open(9, ballot("spam", role("voter"), 2, soon())), done);
  EXPECT_EQ(world.decide(1, WithdrawBallot{id}), done);
}

TEST_F(BallotsTest, BringAboutTheirEffect) {
  EXPECT_EQ(open(9, ballot("pay?", role("voter"), 2, soon(), put("paid", "yes"))), done);
  EXPECT_EQ(agree(1), done);
  EXPECT_EQ(world.value("paid"), "(none)");
  EXPECT_EQ(agree(2), done);
  EXPECT_EQ(world.value("paid"), "yes");
  EXPECT_EQ(std::get<DocumentChanged>(world.events().back()).key, "paid");
  EXPECT_EQ(world.read<Document>(key::document("paid"))->author, node(9));
}

TEST_F(BallotsTest, SayWhyTheirEffectDidNotTakePlace) {
  EXPECT_EQ(open(9, ballot("pay?", role("voter"), 1, soon(), put("k", "b", Expected::absent))),
            done);
  EXPECT_EQ(world.decide(1, put("k", "a")), done);
  EXPECT_EQ(agree(1), done);
  EXPECT_EQ(world.value("k"), "a");
  EXPECT_EQ(kept().result, BallotResult::carried);
  EXPECT_EQ(static_cast<Reason>(kept().effect_refusal), Reason::other_version);
  EXPECT_THAT(world.events().back(),
              VariantWith<BallotClosed>(
                  Field(&BallotClosed::effect_refusal, std::optional(Reason::other_version))));
}

TEST_F(BallotsTest, GiveNobodyARightThatARuleKeepsForOthers) {
  // A member asks itself, and then a role that is not the one that decides.
  const AssignRoles crown{.node = node(9), .roles = {"operator"}};
  EXPECT_EQ(open(9, ballot("me?", samples::list({9}), 1, soon(), crown)), Reason::not_allowed);
  EXPECT_EQ(open(9, ballot("me?", role("member"), 1, soon(), crown)), Reason::not_allowed);
  // Of those who decide, more than half have to agree, whatever the ballot says.
  EXPECT_EQ(open(9, ballot("me?", role("operator"), 1, soon(), crown)), done);
  EXPECT_EQ(agree(1), done);
  EXPECT_EQ(agree(2), done);
  EXPECT_EQ(kept().result, BallotResult::open);
  EXPECT_EQ(agree(3), done);
  EXPECT_EQ(kept().result, BallotResult::carried);
  EXPECT_TRUE(world.member(9).has_role("operator"));
}

TEST_F(BallotsTest, ActForTheirOpenerOnlyWhileItMayItself) {
  const SetPolicy policy{.name = "p", .scope = "", .yaml = ""};
  EXPECT_EQ(open(4, ballot("?", samples::list({1}), 1, soon(), policy)), done);
  EXPECT_EQ(world.decide(1, AssignRoles{.node = node(4), .roles = {}}), done);
  EXPECT_EQ(agree(1), done);
  EXPECT_EQ(static_cast<Reason>(kept().effect_refusal), Reason::not_allowed);
  EXPECT_FALSE(world.state.find(key::policy("p")));
}

TEST_F(BallotsTest, OfAnotherElectorateDoNotStandInForTheOneOfTheRule) {
  const SetPolicy policy{.name = "p", .scope = "", .yaml = ""};
  EXPECT_EQ(open(4, ballot("?", role("member"), 4, soon(), policy)), done);
  EXPECT_EQ(world.decide(1, AssignRoles{.node = node(4), .roles = {}}), done);
  for (std::uint8_t voter = 1; voter <= 4; ++voter) EXPECT_EQ(agree(voter), done);
  EXPECT_EQ(kept().agreed, 4U);
  EXPECT_EQ(static_cast<Reason>(kept().effect_refusal), Reason::not_allowed);
}

TEST_F(BallotsTest, WithAnEffectThatNeedsTwoRightsNeedBoth) {
  const DefineRole greeter{
      .name = "greeter", .rights = {Right::admit, Right::open_ballots}, .prefixes = {}};
  EXPECT_EQ(world.decide(1, greeter), done);
  EXPECT_EQ(world.decide(9, Join{}), done);
  EXPECT_EQ(world.decide(1, AssignRoles{.node = node(9), .roles = {"greeter"}}), done);
  const Admit crowned{.node = node(10), .roles = {"operator"}};
  EXPECT_EQ(open(9, ballot("10?", role("operator"), 1, soon(), crowned)), done);
  EXPECT_EQ(agree(1), done);
  EXPECT_EQ(static_cast<Reason>(kept().effect_refusal), Reason::not_allowed);
  // Nor is it let in without the role: an effect takes place as a whole or not at all.
  EXPECT_FALSE(world.state.find(key::member(node(10))));
}

TEST_F(BallotsTest, DecideWhatAVotedMeshDecides) {
  world = World(Admission::vote);
  EXPECT_EQ(world.decide(1, Admit{.node = node(9), .roles = {}}), Reason::needs_ballot);
  EXPECT_EQ(world.decide(1, AssignRoles{.node = node(1), .roles = {}}), Reason::needs_ballot);
  EXPECT_EQ(open(1, ballot("9?", role("voter"), 1, soon(), Admit{.node = node(9), .roles = {}})),
            done);
  EXPECT_EQ(agree(1), done);
  EXPECT_EQ(agree(2), done);
  EXPECT_FALSE(world.state.find(key::member(node(9))));
  EXPECT_EQ(agree(3), done);
  EXPECT_TRUE(world.member(9).admitted());
  EXPECT_EQ(world.decide(9, put("k", "v")), done);
}

TEST_F(BallotsTest, CanSealAnEpoch) {
  world = World(Admission::vote);
  const Reconfigure change = samples::reconfigure(world.block.epoch_id, {1, 2, 3}, 50);
  EXPECT_EQ(world.decide(1, change), Reason::needs_ballot);
  EXPECT_EQ(open(1, ballot("without 4?", role("voter"), 3, soon(), change)), done);
  EXPECT_EQ(agree(1), done);
  EXPECT_EQ(agree(2), done);
  const auto last = world.op(3, CastBallot{.ballot = id, .choice = Choice::agree});
  const auto behind = world.op(1, put("k", "v"));
  const auto invalid = world.decide({last, behind});
  ASSERT_FALSE(invalid);
  EXPECT_EQ(invalid.error(), (Invalid{.op = 1, .reason = Reason::behind_seal}));
  EXPECT_TRUE(world.decide({last}));
  ASSERT_TRUE(world.last->next);
  EXPECT_EQ(world.last->next->seats, samples::seats({1, 2, 3}));
}

TEST_F(BallotsTest, HaveBounds) {
  world.limits.ballots_open_per_member_max = 2;
  world.limits.ballots_open_max = 3;
  world.limits.ballots_kept_max = 1;
  EXPECT_EQ(open(1, ballot("1", role("voter"), 1, soon())), done);
  const base::Digest first = id;
  EXPECT_EQ(open(1, ballot("2", role("voter"), 1, soon())), done);
  EXPECT_EQ(open(1, ballot("3", role("voter"), 1, soon())), Reason::full);
  EXPECT_EQ(open(2, ballot("4", role("voter"), 1, soon())), done);
  EXPECT_EQ(open(3, ballot("5", role("voter"), 1, soon())), Reason::full);
  id = first;
  EXPECT_EQ(agree(1), done);
  EXPECT_TRUE(world.state.find(key::ballot(first)));
  EXPECT_EQ(open(3, ballot("6", role("voter"), 1, soon())), done);
  EXPECT_EQ(agree(1), done);
  EXPECT_FALSE(world.state.find(key::ballot(first)));  // only the newest closed one is kept
  EXPECT_FALSE(world.state.find(key::tally(first)));
  world.limits.ballots_kept_max = 0;
  EXPECT_EQ(open(3, ballot("7", role("voter"), 1, soon())), done);
  EXPECT_EQ(agree(1), done);
  EXPECT_FALSE(world.state.find(key::ballot(id)));
}

TEST_F(BallotsTest, DoNotFillOneBucket) {
  world.limits.bucket_entries_max = 0;
  EXPECT_EQ(open(1, ballot("?", role("voter"), 1, soon())), Reason::full);
}

TEST_F(BallotsTest, TakeNoMoreVotesThanTheirBound) {
  world.limits.votes_max = 2;
  EXPECT_EQ(open(1, ballot("?", role("member"), 3, soon())), Reason::out_of_range);
  EXPECT_EQ(world.decide(9, Join{}), done);
  EXPECT_EQ(open(1, ballot("?", role("member"), 2, soon())), done);
  EXPECT_EQ(reject(9), done);
  EXPECT_EQ(reject(1), done);
  EXPECT_EQ(agree(2), Reason::full);
  EXPECT_EQ(world.decide(1, Evict{.node = node(9), .reason = "", .evidence = {}}), done);
  EXPECT_EQ(agree(2), done);  // in the place of the vote that no longer counts
}

}  // namespace
}  // namespace ledger
