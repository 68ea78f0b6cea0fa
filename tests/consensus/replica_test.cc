#include "consensus/replica.h"

#include "tests/consensus/mesh_of_replicas.h"

#include <gtest/gtest.h>

namespace consensus {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

bool is_vote(const Message& message, VoteKind kind) {
  const auto* vote = std::get_if<Vote>(&message);
  return vote != nullptr && vote->kind == kind;
}

TEST(ReplicaTest, DecidesWhatAnyNodeSubmits) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  for (std::size_t i = 0; i < 4; ++i) {
    const std::string line = "from " + std::to_string(i);
    mesh.submit(i, line);
    EXPECT_TRUE(mesh.run_until([&] { return mesh.all_hold(line); }, seconds(2)));
  }
}

TEST(ReplicaTest, IsACommitteeOfOneToo) {
  MeshOfReplicas mesh(1, 1);
  mesh.settle_start();
  mesh.submit(0, "alone");
  EXPECT_TRUE(mesh.run_until([&] { return mesh.all_hold("alone"); }, seconds(10)));
}

// L8: proposal, notarize, finalize, each one delay.
TEST(ReplicaTest, TakesThreeDelaysFromTheLeaderToTheDecision) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  const base::NodeId leader = mesh.epoch().committee().member(mesh.epoch().leader(1)).node;
  const auto index = std::to_integer<std::size_t>(leader.bytes[0]) - 1;
  mesh.submit(index, "quick");
  mesh.run(milliseconds(29));
  EXPECT_FALSE(mesh.node(0).notebook->holds("quick"));
  mesh.run(milliseconds(1));
  EXPECT_TRUE(mesh.all_hold("quick"));
}

TEST(ReplicaTest, ALeaderWaitsAMomentForACrowd) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  const auto leader = [&] {
    const View view = mesh.standing(0).view;
    const base::NodeId node = mesh.epoch().committee().member(mesh.epoch().leader(view)).node;
    return std::to_integer<std::size_t>(node.bytes[0]) - 1;
  };
  const auto submit = [&](const std::string& round, int count) {
    for (int i = 0; i < count; ++i) mesh.submit(leader(), std::to_string(i) + round);
  };
  submit("first", 8);
  ASSERT_TRUE(mesh.run_until([&] { return mesh.all_hold("7first"); }));
  mesh.run(seconds(1));
  // The first op had a block of its own, so the crowd is seven. It is here: nothing to wait for.
  submit("second", 7);
  mesh.run(milliseconds(30));
  EXPECT_TRUE(mesh.all_hold("6second"));
  mesh.run(seconds(1));
  submit("third", 2);
  mesh.run(milliseconds(37));
  EXPECT_FALSE(mesh.node(0).notebook->holds("1third"));
  mesh.run(milliseconds(1));
  EXPECT_TRUE(mesh.all_hold("1third"));
  mesh.run(seconds(1));
  // There is no crowd any more.
  submit("fourth", 1);
  mesh.run(milliseconds(30));
  EXPECT_TRUE(mesh.all_hold("0fourth"));
}

// L4, and model finding M2: no chain of empty blocks.
TEST(ReplicaTest, FallsSilentWhenThereIsNothingToDecide) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  mesh.submit(0, "one");
  ASSERT_TRUE(mesh.run_until([&] { return mesh.all_hold("one"); }));
  mesh.run(seconds(1));
  const std::size_t before = mesh.votes_sent();
  mesh.run(seconds(25));
  EXPECT_EQ(mesh.votes_sent(), before);
  EXPECT_EQ(mesh.standing(0).height, 1U);
}

TEST(ReplicaTest, ShowsALifeSignWithEachHeartbeat) {
  MeshOfReplicas mesh(4, 1);
  mesh.settle_start();
  EXPECT_TRUE(mesh.run_until([&] { return mesh.standing(4).height == 2; }, seconds(70)));
}

TEST(ReplicaTest, LetsObserversFollow) {
  MeshOfReplicas mesh(4, 2);
  mesh.settle_start();
  for (int i = 0; i < 20; ++i) {
    mesh.submit(0, "line " + std::to_string(i));
    mesh.run(milliseconds(100));
  }
  EXPECT_TRUE(mesh.run_until([&] { return mesh.all_hold("line 19"); }, seconds(20)));
  EXPECT_TRUE(mesh.node(4).released.empty());
  mesh.submit(5, "of an observer");
  EXPECT_TRUE(mesh.run_until([&] { return mesh.all_hold("of an observer"); }, seconds(20)));
}

TEST(ReplicaTest, CatchesUpByRanges) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  mesh.lose_power(3);
  for (int i = 0; i < 100; ++i) {
    const std::string line = "line " + std::to_string(i);
    mesh.submit(0, line);
    ASSERT_TRUE(mesh.run_until([&] { return mesh.all_hold(line); }));
  }
  ASSERT_GE(mesh.standing(0).height, 100U);
  mesh.start(3);
  EXPECT_TRUE(mesh.run_until([&] { return mesh.all_hold("line 99"); }, seconds(5)));
}

TEST(ReplicaTest, StopsWithoutAQuorumAndGoesOnWithOne) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  mesh.lose_power(2);
  mesh.lose_power(3);
  mesh.submit(0, "too few");
  mesh.run(seconds(30));
  EXPECT_EQ(mesh.standing(0).height, 0U);
  mesh.start(3);
  EXPECT_TRUE(mesh.run_until([&] { return mesh.all_hold("too few"); }, seconds(60)));
}

TEST(ReplicaTest, ChangesItsCommittee) {
  MeshOfReplicas mesh(4, 1);
  mesh.settle_start();
  mesh.submit(1, "before");
  mesh.submit(1, "members 0 1 2 4");
  ASSERT_TRUE(mesh.run_until([&] { return mesh.all_hold("members 0 1 2 4"); }, seconds(30)));
  ASSERT_TRUE(mesh.run_until([&] { return mesh.standing(4).epoch == 1; }, seconds(30)));
  EXPECT_TRUE(mesh.standing(4).validator);
  EXPECT_FALSE(mesh.standing(3).validator);
  const std::size_t votes = mesh.node(3).released.size();
  mesh.submit(0, "after");
  EXPECT_TRUE(mesh.run_until([&] { return mesh.all_hold("after"); }, seconds(30)));
  EXPECT_EQ(mesh.node(3).released.size(), votes);
  EXPECT_FALSE(mesh.node(4).released.empty());
}

TEST(ReplicaTest, SaysWhetherItCouldTakeASeat) {
  MeshOfReplicas mesh(4, 1);
  mesh.settle_start();
  const auto everybody = test_validators(5);
  const Replica& fifth = *mesh.node(4).replica;
  GetReady question{.epoch_id = fifth.epoch().id(),
                    .height = 0,
                    .next = {.committee = *Committee::of(everybody), .parameters = {}},
                    .not_after_height = 100};
  const Readiness ready = fifth.readiness(question);
  ASSERT_EQ(ready.why, Unready::no);
  EXPECT_EQ(ready.next, next_epoch_root(question.next));
  EXPECT_TRUE(crypto::check_stand_in({everybody[4].vote_key,
                                      ready_statement(question.epoch_id, question.next, 100),
                                      ready.signature})
                  .holds());
  GetReady ahead = question;
  ahead.height = 1;
  EXPECT_EQ(fifth.readiness(ahead).why, Unready::behind);
  GetReady later = question;
  later.epoch_id = {};
  EXPECT_EQ(fifth.readiness(later).why, Unready::other_epoch);
  GetReady forever = question;
  forever.not_after_height = 1'000'001;
  EXPECT_EQ(fifth.readiness(forever).why, Unready::out_of_range);
  GetReady without = question;
  without.next.committee = *Committee::of(test_validators(4));
  EXPECT_EQ(fifth.readiness(without).why, Unready::other_key);
  mesh.start(4, true);
  EXPECT_EQ(mesh.node(4).replica->readiness(question).why, Unready::abstains);
}

TEST(ReplicaTest, CatchesUpAtOnceWhenItIsAskedAboutASeatThatItIsNotReadyFor) {
  MeshOfReplicas mesh(4, 1);
  mesh.settle_start();
  mesh.drops = [](std::size_t, std::size_t to, const Message&) { return to == 4; };
  mesh.submit(0, "one");
  mesh.run(seconds(1));
  ASSERT_EQ(mesh.standing(4).height, 0U);
  mesh.drops = {};
  mesh.deliver(0, 4,
               GetReady{.epoch_id = mesh.epoch().id(),
                        .height = mesh.standing(0).height,
                        .next = {.committee = *Committee::of(test_validators(5)), .parameters = {}},
                        .not_after_height = 100});
  EXPECT_TRUE(mesh.run_until([&] { return mesh.standing(4).height == 1; }, milliseconds(200)));
}

TEST(ReplicaTest, CatchesUpAcrossEpochs) {
  MeshOfReplicas mesh(4, 1);
  mesh.settle_start();
  mesh.lose_power(4);
  for (const char* line : {"a", "members 0 1 2 3", "b", "members 3 2 1 0 ", "c"}) {
    mesh.submit(0, line);
    ASSERT_TRUE(mesh.run_until([&] { return mesh.all_hold(line); }, seconds(30))) << line;
  }
  mesh.start(4);
  EXPECT_TRUE(mesh.run_until([&] { return mesh.all_hold("c"); }, seconds(30)));
  EXPECT_EQ(mesh.standing(4).epoch, 2U);
}

// 3.11, the barrier: our signature leaves when the log is on disk, and counts then.
TEST(ReplicaTest, SaysNothingSignedBeforeItsLogIsDurable) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  mesh.node(1).disk_holds = true;
  mesh.submit(0, "one");
  mesh.run(seconds(1));
  EXPECT_TRUE(mesh.node(1).released.empty());
  EXPECT_FALSE(mesh.node(1).log.empty());
  mesh.disk_catches_up(1);
  mesh.submit(0, "two");
  mesh.run(seconds(1));
  EXPECT_FALSE(mesh.node(1).released.empty());
}

TEST(ReplicaTest, NamesAnEquivocatorWithEvidence) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  const Epoch& epoch = mesh.epoch();
  const Proposal one = mesh.proposal(1, epoch, 1'000'001);
  const Proposal other = mesh.proposal(1, epoch, 1'000'002);
  const base::NodeId leader = epoch.committee().member(epoch.leader(1)).node;
  const auto liar = std::to_integer<std::size_t>(leader.bytes[0]) - 1;
  const std::size_t first = (liar + 1) % 4;
  mesh.deliver(liar, first, one);
  mesh.deliver(liar, first, other);
  mesh.run(milliseconds(50));
  for (std::size_t i = 0; i < 4; ++i) {
    if (i == liar) continue;
    ASSERT_EQ(mesh.node(i).evidence.size(), 1U) << i;
    const Evidence& evidence = mesh.node(i).evidence.front();
    EXPECT_TRUE(contradict(evidence.first, evidence.second));
    EXPECT_EQ(epoch.committee().member(evidence.first.signer).node, leader);
  }
}

TEST(ReplicaTest, TakesVotesOnTheirSignersOwnLinkOnly) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  mesh.drops = [](auto, auto, const Message&) { return true; };
  for (std::size_t signer = 1; signer < 4; ++signer) {
    mesh.deliver(1, 0, mesh.vote(signer, VoteKind::nullify, 1, {}, mesh.epoch()));
  }
  EXPECT_EQ(mesh.standing(0).view, 1U);
  for (std::size_t signer = 1; signer < 4; ++signer) {
    mesh.deliver(signer, 0, mesh.vote(signer, VoteKind::nullify, 1, {}, mesh.epoch()));
  }
  EXPECT_EQ(mesh.standing(0).view, 2U);
}

TEST(ReplicaTest, BlamesWhoSendsASignatureThatDoesNotHold) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  Vote vote = mesh.vote(1, VoteKind::nullify, 1, {}, mesh.epoch());
  vote.signature.bytes[0] ^= std::byte{1};
  mesh.deliver(1, 0, vote);
  EXPECT_EQ(mesh.node(0).blamed.size(), 1U);
}

// Seven replicas that say nothing to each other: what one hears is what a test delivers.
class EvidenceTest : public testing::Test {
 protected:
  EvidenceTest() {
    mesh.settle_start();
    mesh.drops = [](auto, auto, const Message&) { return true; };
    block.bytes[0] = std::byte{1};
  }
  // Without seat 6, and so nothing that it says of view 1 is needed.
  void nullify_view_one() {
    for (std::size_t signer = 1; signer < 6; ++signer) {
      mesh.deliver(signer, 0, mesh.vote(signer, VoteKind::nullify, 1, {}, epoch));
    }
    ASSERT_EQ(mesh.standing(0).view, 2U);
  }

  MeshOfReplicas mesh{7};
  const Epoch& epoch = mesh.epoch();
  base::Digest block;
};

TEST_F(EvidenceTest, ChecksAVoteThatACertificateMadeNeedlessOnceItIsContradicted) {
  nullify_view_one();
  mesh.deliver(6, 0, mesh.vote(6, VoteKind::nullify, 1, {}, epoch));
  EXPECT_TRUE(mesh.node(0).evidence.empty());
  mesh.deliver(6, 0, mesh.vote(6, VoteKind::finalize, 1, block, epoch));
  ASSERT_EQ(mesh.node(0).evidence.size(), 1U);
  EXPECT_TRUE(
      contradict(mesh.node(0).evidence.front().first, mesh.node(0).evidence.front().second));
}

TEST_F(EvidenceTest, ChecksANeedlessVoteThatContradictsAnEarlierOne) {
  mesh.deliver(6, 0, mesh.vote(6, VoteKind::finalize, 1, block, epoch));
  nullify_view_one();
  mesh.deliver(6, 0, mesh.vote(6, VoteKind::nullify, 1, {}, epoch));
  EXPECT_EQ(mesh.node(0).evidence.size(), 1U);
}

// The finalize vote is at the pool while the nullification makes its contradiction needless.
TEST_F(EvidenceTest, FindsAContradictionWithAVoteThatWasBeingChecked) {
  mesh.node(0).checks_wait = true;
  mesh.deliver(6, 0, mesh.vote(6, VoteKind::finalize, 1, block, epoch));
  ASSERT_EQ(mesh.node(0).waiting.size(), 1U);
  mesh.node(0).checks_wait = false;
  nullify_view_one();
  mesh.deliver(6, 0, mesh.vote(6, VoteKind::nullify, 1, {}, epoch));
  EXPECT_TRUE(mesh.node(0).evidence.empty());
  mesh.checks_go_on(0);
  ASSERT_EQ(mesh.node(0).evidence.size(), 1U);
  EXPECT_TRUE(
      contradict(mesh.node(0).evidence.front().first, mesh.node(0).evidence.front().second));
}

// The same with a proposal, while the vote for another block of that leader comes late.
TEST_F(EvidenceTest, FindsAContradictionWithAProposalThatWasBeingChecked) {
  const std::size_t leader = epoch.leader(1);
  const std::size_t hearer = (leader + 1) % 7;
  const base::Digest earlier = mesh.proposal(1, epoch, 1'000'001).block->hash();
  mesh.node(hearer).checks_wait = true;
  mesh.deliver(leader, hearer, mesh.proposal(1, epoch, 1'000'002));
  ASSERT_EQ(mesh.node(hearer).waiting.size(), 1U);
  mesh.node(hearer).checks_wait = false;
  for (std::size_t signer = 0; signer < 7; ++signer) {
    if (signer == leader || signer == hearer) continue;
    mesh.deliver(signer, hearer, mesh.vote(signer, VoteKind::notarize, 1, earlier, epoch));
  }
  ASSERT_EQ(mesh.standing(hearer).view, 2U);
  mesh.deliver(leader, hearer, mesh.vote(leader, VoteKind::notarize, 1, earlier, epoch));
  EXPECT_TRUE(mesh.node(hearer).evidence.empty());
  mesh.checks_go_on(hearer);
  ASSERT_EQ(mesh.node(hearer).evidence.size(), 1U);
  EXPECT_EQ(mesh.node(hearer).evidence.front().first.signer, leader);
}

// Of who signs it so much is being checked already that nothing more is taken: it is kept for when
// that vote comes again.
TEST(ReplicaTest, FindsAContradictionLaterThatItHadNoRoomFor) {
  Options options;
  options.pending_checks_per_peer_max = 2;
  MeshOfReplicas mesh(7, 0, options);
  mesh.settle_start();
  mesh.drops = [](auto, auto, const Message&) { return true; };
  const Epoch& epoch = mesh.epoch();
  for (std::size_t signer = 1; signer < 6; ++signer) {
    mesh.deliver(signer, 0, mesh.vote(signer, VoteKind::nullify, 1, {}, epoch));
  }
  mesh.deliver(6, 0, mesh.vote(6, VoteKind::nullify, 1, {}, epoch));
  mesh.node(0).checks_wait = true;
  mesh.deliver(6, 0, mesh.vote(6, VoteKind::nullify, 2, {}, epoch));
  mesh.deliver(6, 0, mesh.vote(6, VoteKind::nullify, 3, {}, epoch));
  base::Digest block;
  block.bytes[0] = std::byte{1};
  mesh.deliver(6, 0, mesh.vote(6, VoteKind::finalize, 1, block, epoch));
  mesh.checks_go_on(0);
  EXPECT_TRUE(mesh.node(0).evidence.empty());
  mesh.deliver(6, 0, mesh.vote(6, VoteKind::finalize, 1, block, epoch));
  EXPECT_EQ(mesh.node(0).evidence.size(), 1U);
}

TEST(ReplicaTest, TellsWhoMissedItOfTheFinalizationThatEndedAnEpoch) {
  MeshOfReplicas mesh(4, 1);
  mesh.settle_start();
  std::size_t told = 0;
  mesh.drops = [&told](std::size_t, std::size_t to, const Message& message) {
    const auto* vote = std::get_if<Vote>(&message);
    const auto* certificate = std::get_if<Certificate>(&message);
    if (to == 3 && certificate != nullptr && certificate->kind == VoteKind::finalize &&
        certificate->epoch == 0) {
      ++told;
    }
    return to == 3 && vote != nullptr && vote->kind == VoteKind::finalize;
  };
  mesh.submit(0, "members 0 1 2 3 4");
  ASSERT_TRUE(mesh.run_until([&] { return mesh.epoch(3).number() == 1; }));
  EXPECT_GT(told, 0U);
}

// 3.11: a copy of the disk was put back; peers remember more votes than it does.
TEST(ReplicaTest, AbstainsWhenPeersRememberVotesThatItDoesNot) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  // A view that stays open: everybody notarizes, nobody's finalize vote arrives.
  mesh.drops = [](auto, auto, const Message& message) {
    return is_vote(message, VoteKind::finalize);
  };
  const std::vector<Record> copy = mesh.node(2).log;
  mesh.submit(0, "one");
  mesh.run(milliseconds(300));
  ASSERT_FALSE(mesh.node(2).released.empty());
  mesh.lose_power(2);
  mesh.node(2).log = copy;
  mesh.node(2).released.clear();
  mesh.start(2);
  mesh.run(seconds(12));
  ASSERT_EQ(mesh.node(2).alarms.size(), 1U);
  EXPECT_EQ(mesh.node(2).alarms.front().kind, Alarm::Kind::votes_unknown);
  EXPECT_TRUE(mesh.standing(2).abstains);
  EXPECT_TRUE(mesh.node(2).released.empty());
}

// In the next run those who know of the lost vote may not be among those who answer.
TEST(ReplicaTest, ARestoredCopyThatFoundOutVotesInNoLaterRunEither) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  // A view stays open, and only node 0 hears what node 2 votes.
  mesh.drops = [](std::size_t from, std::size_t to, const Message& message) {
    return is_vote(message, VoteKind::finalize) || (from == 2 && to != 0);
  };
  const std::vector<Record> copy = mesh.node(2).log;
  mesh.submit(0, "one");
  mesh.run(milliseconds(300));
  ASSERT_FALSE(mesh.node(2).released.empty());
  mesh.lose_power(2);
  mesh.node(2).log = copy;
  mesh.node(2).released.clear();
  mesh.start(2);
  mesh.run(seconds(12));
  ASSERT_TRUE(mesh.standing(2).abstains);
  mesh.drops = [](std::size_t from, std::size_t to, const Message& message) {
    return is_vote(message, VoteKind::finalize) || (from == 0 && to == 2);
  };
  mesh.lose_power(2);
  mesh.start(2);
  mesh.submit(1, "two");
  mesh.run(seconds(12));
  EXPECT_TRUE(mesh.node(2).released.empty());
  EXPECT_TRUE(mesh.standing(2).abstains);
}

// It promised them, but says nothing more: what it voted before it found out may contradict.
TEST(ReplicaTest, WhoFindsOutSaysAgainNothingThatItVoted) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  mesh.drops = [](auto, auto, const Message& message) {
    return is_vote(message, VoteKind::finalize);
  };
  mesh.submit(0, "one");
  ASSERT_TRUE(mesh.run_until([&] { return !mesh.node(2).replica->own_votes().empty(); }));
  // As if another process held the key.
  Status status;
  status.epoch_id = mesh.epoch().id();
  status.view = 1;
  base::Digest other;
  other.bytes[3] = std::byte{9};
  const View view = mesh.node(2).replica->own_votes().front().view;
  status.your_last_votes = {mesh.vote(2, VoteKind::finalize, view, other, mesh.epoch())};
  mesh.deliver(0, 2, status);
  ASSERT_TRUE(mesh.node(2).key_spent);
  mesh.node(2).released.clear();
  mesh.run(seconds(5));
  EXPECT_TRUE(mesh.node(2).released.empty());
}

TEST(ReplicaTest, NeverVotesWithoutItsLogButFollows) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  mesh.lose_power(1);
  mesh.node(1).log.clear();
  mesh.start(1, /*abstain=*/true);
  mesh.submit(0, "one");
  EXPECT_TRUE(mesh.run_until([&] { return mesh.all_hold("one"); }, seconds(20)));
  EXPECT_TRUE(mesh.node(1).released.empty());
  EXPECT_EQ(mesh.node(1).alarms.front().kind, Alarm::Kind::log_corrupt);
}

TEST(ReplicaTest, RestartsWithTheVotesThatItCast) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  mesh.drops = [](auto, auto, const Message& message) {
    return is_vote(message, VoteKind::finalize);
  };
  mesh.submit(0, "one");
  mesh.run(milliseconds(400));
  const std::vector<Vote> before = mesh.node(2).replica->own_votes();
  ASSERT_FALSE(before.empty());
  const Replica::Standing standing = mesh.standing(2);
  mesh.lose_power(2);
  mesh.start(2);
  EXPECT_EQ(mesh.node(2).replica->own_votes(), before);
  EXPECT_EQ(mesh.standing(2).view, standing.view);
  EXPECT_EQ(mesh.standing(2).epoch, standing.epoch);
}

TEST(ReplicaTest, DropsAnOpThatIsKnownOrTooLarge) {
  Options options;
  options.op_bytes_max = 8;
  MeshOfReplicas mesh(4, 0, options);
  mesh.settle_start();
  Effects effects;
  Replica& replica = *mesh.node(0).replica;
  EXPECT_EQ(replica.on_op(base::to_bytes("short"), mesh.now(), effects), Admission::added);
  EXPECT_EQ(replica.on_op(base::to_bytes("short"), mesh.now(), effects), Admission::known);
  EXPECT_EQ(replica.on_op(base::to_bytes("far too long"), mesh.now(), effects),
            Admission::too_large);
  EXPECT_EQ(replica.on_op({}, mesh.now(), effects), Admission::malformed);
}

TEST(ReplicaTest, AnOpThatIsGossipedAfterItWasDecidedDoesNotWaitAgain) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  mesh.submit(0, "once");
  ASSERT_TRUE(mesh.run_until([&] { return mesh.all_hold("once"); }));
  mesh.deliver(1, 0, OpGossip{{base::to_bytes("once"), base::to_bytes("another")}});
  EXPECT_EQ(mesh.node(0).replica->standing().pending_ops, 1U);
}

}  // namespace
}  // namespace consensus
