#include "consensus/vote_guard.h"

#include "tests/consensus/mesh_of_replicas.h"

#include <gtest/gtest.h>

namespace consensus {
namespace {

base::Digest block(std::uint8_t value) {
  base::Digest digest;
  digest.bytes.fill(static_cast<std::byte>(value));
  return digest;
}

class VoteGuardTest : public testing::Test {
 protected:
  VoteGuardTest() { EXPECT_TRUE(guard.start_epoch(epoch)); }

  static Epoch first() {
    return Epoch(EpochDescriptor::first({}, *Committee::of(test_validators(4)), {}));
  }
  std::optional<Refusal> ask(VoteKind kind, View view, const base::Digest& hash) {
    const auto vote = guard.sign(kind, epoch, view, hash);
    return vote ? std::nullopt : std::optional(vote.error());
  }

  Options options;
  Epoch epoch = first();
  VoteGuard guard{std::make_unique<StandInVotingKey>(test_validators(4)[2].vote_key), options};
};

TEST_F(VoteGuardTest, SignsTheSameAgainAndNothingElse) {
  const auto once = guard.sign(VoteKind::notarize, epoch, 1, block(1));
  const auto again = guard.sign(VoteKind::notarize, epoch, 1, block(1));
  ASSERT_TRUE(once.has_value());
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(*once, *again);
  EXPECT_EQ(ask(VoteKind::notarize, 1, block(2)), Refusal::other_hash);
}

TEST_F(VoteGuardTest, AttestsOnlyTheKeyThatItHoldsAndMayUse) {
  const auto seats = test_validators(4);
  const auto statement = crypto::Statement::bare(crypto::Purpose::ready);
  EXPECT_TRUE(guard.attest(seats[2], statement));
  EXPECT_FALSE(guard.attest(seats[1], statement));
  guard.abstain();
  EXPECT_FALSE(guard.attest(seats[2], statement));
}

TEST_F(VoteGuardTest, NeverFinalizesAndNullifiesOneView) {
  EXPECT_FALSE(ask(VoteKind::nullify, 1, {}));
  EXPECT_EQ(ask(VoteKind::finalize, 1, block(1)), Refusal::after_nullify);
  EXPECT_EQ(ask(VoteKind::notarize, 1, block(1)), Refusal::after_nullify);
  EXPECT_FALSE(ask(VoteKind::finalize, 2, block(1)));
  EXPECT_EQ(ask(VoteKind::nullify, 2, {}), Refusal::after_finalize);
  EXPECT_EQ(ask(VoteKind::finalize, 2, block(2)), Refusal::other_hash);
}

TEST_F(VoteGuardTest, GoesForwardOnlyButFinalizesOlderViews) {
  EXPECT_FALSE(ask(VoteKind::notarize, 5, block(5)));
  EXPECT_EQ(ask(VoteKind::notarize, 4, block(4)), Refusal::behind_newest_view);
  EXPECT_EQ(ask(VoteKind::nullify, 4, {}), Refusal::behind_newest_view);
  EXPECT_FALSE(ask(VoteKind::finalize, 4, block(4)));
}

TEST_F(VoteGuardTest, SignsNothingAtOrBelowItsFloor) {
  EXPECT_FALSE(ask(VoteKind::notarize, 3, block(1)));
  guard.raise_floor(3);
  EXPECT_EQ(ask(VoteKind::notarize, 3, block(1)), Refusal::below_floor);
  EXPECT_EQ(ask(VoteKind::finalize, 2, block(1)), Refusal::below_floor);
  EXPECT_TRUE(guard.votes().empty());
}

TEST_F(VoteGuardTest, RemembersWhatItIsGivenBack) {
  VoteGuard before{std::make_unique<StandInVotingKey>(test_validators(4)[2].vote_key), options};
  ASSERT_TRUE(before.start_epoch(epoch));
  guard.restore(*before.sign(VoteKind::notarize, epoch, 7, block(1)));
  EXPECT_EQ(ask(VoteKind::notarize, 7, block(2)), Refusal::other_hash);
  EXPECT_EQ(ask(VoteKind::nullify, 6, {}), Refusal::behind_newest_view);
  EXPECT_FALSE(ask(VoteKind::nullify, 7, {}));
}

TEST_F(VoteGuardTest, SignsForItsOwnEpochOnly) {
  EpochDescriptor next = epoch.descriptor();
  next.number = 1;
  next.previous = epoch.id();
  const Epoch second(next);
  EXPECT_FALSE(guard.sign(VoteKind::nullify, second, 1, {}).has_value());
  EXPECT_TRUE(guard.start_epoch(second));
  EXPECT_EQ(ask(VoteKind::nullify, 1, {}), Refusal::other_epoch);
  EXPECT_TRUE(guard.sign(VoteKind::nullify, second, 1, {}).has_value());
  EXPECT_FALSE(guard.start_epoch(epoch));
}

TEST_F(VoteGuardTest, AbstainsForGoodAndListensForAWhile) {
  guard.listen(true);
  EXPECT_EQ(ask(VoteKind::nullify, 1, {}), Refusal::abstaining);
  guard.listen(false);
  EXPECT_FALSE(ask(VoteKind::nullify, 1, {}));
  guard.abstain();
  EXPECT_EQ(ask(VoteKind::nullify, 2, {}), Refusal::abstaining);
  EXPECT_FALSE(guard.may_vote());
}

TEST_F(VoteGuardTest, DoesNotSignForACommitteeWithoutItsKey) {
  VoteGuard stranger{std::make_unique<StandInVotingKey>(test_validators(9)[8].vote_key), options};
  ASSERT_TRUE(stranger.start_epoch(epoch));
  EXPECT_FALSE(stranger.signer().has_value());
  EXPECT_EQ(stranger.sign(VoteKind::nullify, epoch, 1, {}).error(), Refusal::no_member);
}

}  // namespace
}  // namespace consensus
