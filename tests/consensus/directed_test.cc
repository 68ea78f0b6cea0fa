// The directed scenarios of CONSENSUS 4.4; most are somebody's real failure. D16 is in
// committee_test.cc, D17 also in certificate_test.cc and statements_test.cc.
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
bool is_certificate(const Message& message, VoteKind kind) {
  const auto* certificate = std::get_if<Certificate>(&message);
  return certificate != nullptr && certificate->kind == kind;
}
const auto everything = [](auto, auto, const Message&) { return true; };

std::size_t leader_of(MeshOfReplicas& mesh, View view) {
  const Epoch& epoch = mesh.epoch();
  const base::NodeId& node = epoch.committee().member(epoch.leader(view)).node;
  return std::to_integer<std::size_t>(node.bytes[0]) - 1;
}
bool has_voted(MeshOfReplicas::Node& node, VoteKind kind, View view) {
  return std::any_of(node.released.begin(), node.released.end(),
                     [&](const Vote& vote) { return vote.kind == kind && vote.view == view; });
}
std::vector<std::size_t> all_but(std::size_t size, std::size_t missing) {
  std::vector<std::size_t> rest;
  for (std::size_t i = 0; i < size; ++i) {
    if (i != missing) rest.push_back(i);
  }
  return rest;
}

// Everybody has nullified the views in question by its timer, which contradicts no notarization.
TEST(DirectedTest, D1ContradictingCertificatesOnTwoSidesDoNotBlock) {
  MeshOfReplicas mesh(7);
  mesh.settle_start();
  mesh.drops = everything;
  const Epoch& epoch = mesh.epoch();
  const std::vector<std::size_t> quorum{0, 1, 2, 3, 4};
  for (std::size_t i = 0; i < 7; ++i) mesh.submit(i, "on");
  mesh.run(seconds(3));
  const Proposal a = mesh.proposal(1, epoch);
  const Certificate null1 = mesh.certificate(quorum, VoteKind::nullify, 1, {}, epoch);
  const Certificate null2 = mesh.certificate(quorum, VoteKind::nullify, 2, {}, epoch);
  const Certificate null3 = mesh.certificate(quorum, VoteKind::nullify, 3, {}, epoch);
  const Proposal b = mesh.proposal(2, epoch, 1'000'001, {null1});
  const Certificate notar1 =
      mesh.certificate(quorum, VoteKind::notarize, 1, a.block->hash(), epoch);
  const Certificate notar2 =
      mesh.certificate(quorum, VoteKind::notarize, 2, b.block->hash(), epoch);
  const auto other = [](std::size_t i) { return (i + 1) % 7; };
  for (std::size_t i = 0; i < 7; ++i) mesh.deliver(other(i), i, i <= 2 ? notar1 : null1);
  mesh.run(seconds(3));
  for (std::size_t i = 0; i < 7; ++i) {
    EXPECT_TRUE(has_voted(mesh.node(i), VoteKind::nullify, 2)) << i;
    if (i > 2 && i < 6) mesh.deliver(other(i), i, notar2);
    if (i <= 2 || i == 6) mesh.deliver(other(i), i, null2);
  }
  mesh.run(seconds(3));
  for (std::size_t i = 0; i < 7; ++i) {
    mesh.deliver(other(i), i, null3);
    EXPECT_EQ(mesh.standing(i).view, 4U) << i;
  }
  mesh.deliver(6, 0, a);
  mesh.deliver(6, 3, b);
  mesh.drops = nullptr;
  EXPECT_TRUE(mesh.run_until([&] { return mesh.all_hold("on"); }));
}

TEST(DirectedTest, D2TheOnlyHolderOfANotarizationDoesNotBlock) {
  for (std::size_t turn = 1; turn <= 3; ++turn) {  // each of the others may lead next
    MeshOfReplicas mesh(4);
    mesh.settle_start();
    mesh.drops = everything;
    const Epoch& epoch = mesh.epoch();
    const std::size_t liar = leader_of(mesh, 1);
    const std::size_t holder = (liar + turn) % 4;
    const std::size_t both = (liar + turn % 3 + 1) % 4;  // notarizes, then nullifies
    const std::size_t third = 6 - liar - holder - both;
    const Proposal a = mesh.proposal(1, epoch);
    for (const std::size_t i : {holder, both}) mesh.deliver(liar, i, a);
    mesh.deliver(both, holder, mesh.vote(both, VoteKind::notarize, 1, a.block->hash(), epoch));
    EXPECT_TRUE(has_voted(mesh.node(holder), VoteKind::finalize, 1));
    for (const std::size_t i : {both, third}) mesh.submit(i, "on");
    mesh.run(seconds(3));
    const Certificate null1 =
        mesh.certificate({liar, both, third}, VoteKind::nullify, 1, {}, epoch);
    for (const std::size_t i : {both, third}) {
      EXPECT_TRUE(has_voted(mesh.node(i), VoteKind::nullify, 1));
      mesh.deliver(holder, i, null1);
    }
    mesh.lose_power(liar);
    mesh.drops = nullptr;
    EXPECT_TRUE(mesh.run_until([&] { return mesh.all_hold("on"); })) << turn;
  }
}

TEST(DirectedTest, D3WhoNullifiedAViewNeverFinalizesIt) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  const std::size_t late = leader_of(mesh, 2);  // not the leader of view 1
  mesh.drops = everything;
  mesh.submit(late, "one");
  mesh.run(seconds(2));
  ASSERT_TRUE(has_voted(mesh.node(late), VoteKind::nullify, 1));
  const Proposal a = mesh.proposal(1, mesh.epoch());
  const std::size_t other = (late + 1) % 4;
  mesh.deliver(other, late, a);
  mesh.deliver(
      other, late,
      mesh.certificate(all_but(4, late), VoteKind::notarize, 1, a.block->hash(), mesh.epoch()));
  EXPECT_GE(mesh.standing(late).view, 2U);  // R4: it still advances
  mesh.run(seconds(5));
  EXPECT_FALSE(has_voted(mesh.node(late), VoteKind::finalize, 1));
  EXPECT_TRUE(mesh.node(late).alarms.empty());
}

TEST(DirectedTest, D4AllLosePowerAfterTheirNullifyVotes) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  mesh.drops = everything;
  for (std::size_t i = 0; i < 4; ++i) mesh.submit(i, "one");
  mesh.run(seconds(2));
  for (std::size_t i = 0; i < 4; ++i) mesh.lose_power(i);
  mesh.drops = nullptr;
  for (std::size_t i = 0; i < 4; ++i) mesh.start(i);
  mesh.settle_start();
  mesh.submit(0, "one");
  EXPECT_TRUE(mesh.run_until([&] { return mesh.all_hold("one"); }));
}

// A liar helps to notarize at some nodes only and then is silent; another node had nullified.
// Returns whether the mesh goes on.
bool goes_on_after_d5(Options options, bool power_fails) {
  MeshOfReplicas mesh(4, 0, options);
  mesh.settle_start();
  const std::size_t liar = leader_of(mesh, 1);
  const std::vector<std::size_t> honest = all_but(4, liar);
  const std::size_t nullifier = honest.back();
  mesh.drops = everything;
  mesh.submit(nullifier, "one");
  mesh.run(seconds(2));
  EXPECT_TRUE(has_voted(mesh.node(nullifier), VoteKind::nullify, 1));
  const Proposal a = mesh.proposal(1, mesh.epoch());
  for (const std::size_t i : {honest[0], honest[1]}) mesh.deliver(liar, i, a);
  for (const std::size_t i : {honest[0], honest[1]}) {
    const std::size_t other = i == honest[0] ? honest[1] : honest[0];
    mesh.deliver(other, i, mesh.vote(other, VoteKind::notarize, 1, a.block->hash(), mesh.epoch()));
    EXPECT_TRUE(has_voted(mesh.node(i), VoteKind::finalize, 1));
  }
  mesh.lose_power(liar);
  if (power_fails) {
    for (const std::size_t i : honest) mesh.lose_power(i);
    for (const std::size_t i : honest) mesh.start(i);
  }
  mesh.drops = nullptr;
  mesh.run(seconds(1));
  mesh.submit(honest[0], "two");
  return mesh.run_until([&] { return mesh.all_hold("two"); });
}

TEST(DirectedTest, D5ANotarizationCarriesThoseWhoNullified) {
  EXPECT_TRUE(goes_on_after_d5({}, false));
}

TEST(DirectedTest, D6AnotherLossOfPowerDoesNotEndTheMeshBecauseCertificatesAreKept) {
  EXPECT_TRUE(goes_on_after_d5({}, true));
  Options forgetful;
  forgetful.weakness = Weakness::certificates_not_kept;
  EXPECT_FALSE(goes_on_after_d5(forgetful, true));
}

TEST(DirectedTest, D7ABlockBecomesFinalWithoutNewOpsAfterItsVotesWereLost) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  const base::Instant until = mesh.now() + seconds(1);
  mesh.drops = [&](auto, auto, const Message& message) {
    return mesh.now() < until &&
           (is_vote(message, VoteKind::finalize) || is_certificate(message, VoteKind::finalize));
  };
  mesh.submit(0, "one");
  EXPECT_TRUE(mesh.run_until([&] { return mesh.all_hold("one"); }, seconds(10)));
}

TEST(DirectedTest, D8WhoMissedTheLastFinalizationLearnsItInAnIdleMesh) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  bool deaf = true;
  mesh.drops = [&](auto, std::size_t to, const Message&) { return deaf && to == 3; };
  mesh.submit(0, "one");
  ASSERT_TRUE(mesh.run_until([&] { return mesh.standing(0).height == 1; }));
  mesh.run(seconds(1));
  EXPECT_EQ(mesh.standing(3).height, 0U);
  deaf = false;
  EXPECT_TRUE(mesh.run_until([&] { return mesh.all_hold("one"); }, seconds(12)));
}

TEST(DirectedTest, D9AnOldCertificateIsNotAnsweredForEver) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  mesh.submit(0, "members 0 1 2 3");
  ASSERT_TRUE(mesh.run_until([&] {
    for (std::size_t i = 0; i < 4; ++i) {
      if (mesh.standing(i).epoch != 1) return false;
    }
    return true;
  }));
  mesh.run(seconds(1));
  const Certificate old = mesh.node(0).epochs.front().finalization;
  const std::size_t before = mesh.votes_sent();
  mesh.deliver(0, 1, old);
  mesh.deliver(1, 0, old);
  mesh.run(seconds(10));
  EXPECT_EQ(mesh.votes_sent(), before);
}

TEST(DirectedTest, D10ASealIsFinalizedThroughItsTail) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  // The first block is the seal; its own finalize votes are all lost.
  mesh.drops = [&](auto, auto, const Message& message) {
    const auto* vote = std::get_if<Vote>(&message);
    return vote != nullptr && vote->kind == VoteKind::finalize && vote->view == 1 &&
           vote->epoch == 0;
  };
  mesh.submit(0, "members 0 1 2 3");
  ASSERT_TRUE(mesh.run_until([&] { return mesh.standing(0).epoch == 1; }));
  const EpochProof& proof = mesh.node(0).epochs.front();
  EXPECT_FALSE(proof.tail.empty());
  mesh.submit(1, "after");
  EXPECT_TRUE(mesh.run_until([&] { return mesh.all_hold("after"); }));
  for (std::size_t i = 0; i < 4; ++i) {
    for (const Decision& decision : mesh.node(i).decisions) {
      EXPECT_FALSE(decision.block->header().tail());
    }
  }
}

// Found by the swarm: who had no seat leads the first view, knows of no op, and waits until ops are
// sent again, as long as the others wait for it.
TEST(DirectedTest, WhoHasASeatAnewIsToldOfTheOpsThatWait) {
  MeshOfReplicas mesh(4, 1);
  mesh.settle_start();
  std::size_t told = 0;
  mesh.drops = [&](std::size_t from, std::size_t to, const Message& message) {
    if (from < 4 && to == 4 && std::holds_alternative<OpGossip>(message)) ++told;
    return false;
  };
  mesh.submit(0, "members 0 1 2 3 4");
  mesh.run(milliseconds(15));  // it is proposed
  mesh.submit(0, "after");
  ASSERT_TRUE(mesh.run_until([&] { return mesh.standing(0).epoch == 1; }));
  ASSERT_FALSE(mesh.node(0).notebook->holds("after"));
  mesh.run(milliseconds(10));
  EXPECT_GT(told, 0U);
  const base::Instant started = mesh.now();
  EXPECT_TRUE(mesh.run_until([&] { return mesh.all_hold("after"); }));
  EXPECT_LT(mesh.now() - started, milliseconds(100)) << "no view is given up";
  told = 0;
  mesh.submit(0, "later");
  mesh.run(milliseconds(10));
  EXPECT_EQ(told, 1U) << "as everybody with a seat is told, by whoever hears of it first";
}

TEST(DirectedTest, D11ASealThatIsSkippedEndsNoEpoch) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  mesh.drops = everything;
  const Epoch& epoch = mesh.epoch();
  const base::Bytes op = base::to_bytes("members 0 1 2");
  Proposal seal = mesh.proposal(1, epoch);
  BlockHeader header = seal.block->header();
  header.flags = BlockHeader::flag_seal;
  header.state_root = crypto::digest({base::Digest{}.view(), op});
  const auto all = epoch.committee().members();
  header.next_epoch =
      next_epoch_root({.committee = *Committee::of({all[0], all[1], all[2]}), .parameters = {}});
  seal.block = make_block(header, {op});
  seal.leader_signature =
      mesh.vote(leader_of(mesh, 1), VoteKind::notarize, 1, seal.block->hash(), epoch).signature;
  const std::vector<std::size_t> quorum{1, 2, 3};
  const std::size_t self = leader_of(mesh, 4);
  const std::size_t from = (self + 1) % 4;
  const Certificate null1 = mesh.certificate(quorum, VoteKind::nullify, 1, {}, epoch);
  const Proposal next = mesh.proposal(2, epoch, 1'000'003, {null1});
  mesh.deliver(from, self, seal);
  mesh.deliver(from, self,
               mesh.certificate(quorum, VoteKind::notarize, 1, seal.block->hash(), epoch));
  mesh.deliver(from, self, next);
  mesh.deliver(from, self,
               mesh.certificate(quorum, VoteKind::notarize, 2, next.block->hash(), epoch));
  mesh.deliver(from, self,
               mesh.certificate(quorum, VoteKind::finalize, 2, next.block->hash(), epoch));
  EXPECT_EQ(mesh.standing(self).height, 1U);
  EXPECT_EQ(mesh.standing(self).block, next.block->hash());
  EXPECT_EQ(mesh.standing(self).epoch, 0U);
  EXPECT_TRUE(mesh.node(self).alarms.empty());
}

TEST(DirectedTest, D12PowerFailsBetweenTheSealAndTheFirstVoteOfTheNextEpoch) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  mesh.submit(0, "members 0 1 2 3");
  ASSERT_TRUE(mesh.run_until([&] { return mesh.standing(0).epoch == 1; }));
  for (std::size_t i = 0; i < 4; ++i) mesh.lose_power(i);
  for (std::size_t i = 0; i < 4; ++i) mesh.start(i);
  mesh.settle_start();
  mesh.submit(1, "after");
  EXPECT_TRUE(mesh.run_until([&] { return mesh.all_hold("after"); }));
  EXPECT_EQ(mesh.standing(2).epoch, 1U);
}

TEST(DirectedTest, D13TheApplicationMayBeBehindTheLog) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  for (const char* line : {"a", "b", "c", "d"}) {
    mesh.submit(0, line);
    ASSERT_TRUE(mesh.run_until([&] { return mesh.all_hold(line); }));
  }
  for (std::size_t i = 0; i < 4; ++i) mesh.lose_power(i, i);
  for (std::size_t i = 0; i < 4; ++i) mesh.start(i);
  EXPECT_TRUE(mesh.run_until([&] { return mesh.all_hold("d"); }));
  mesh.submit(3, "e");
  EXPECT_TRUE(mesh.run_until([&] { return mesh.all_hold("e"); }));
}

// Found by the swarm: a range whose end is finalized through a tail must not bring the tail with it
// when it is committed by a node that knows the next epoch already.
TEST(DirectedTest, D13TheApplicationMayBeBehindASealThatItsTailFinalized) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  mesh.drops = [&](auto, auto, const Message& message) {
    const auto* vote = std::get_if<Vote>(&message);
    return vote != nullptr && vote->kind == VoteKind::finalize && vote->view == 1 &&
           vote->epoch == 0;
  };
  mesh.submit(0, "members 0 1 2 3");
  ASSERT_TRUE(mesh.run_until([&] { return mesh.standing(3).epoch == 1; }));
  ASSERT_FALSE(mesh.node(3).epochs.front().tail.empty());
  mesh.run(seconds(1));
  mesh.lose_power(3, 1);
  std::erase_if(mesh.node(3).log,
                [](const Record& record) { return std::holds_alternative<BlockBody>(record); });
  mesh.start(3);
  mesh.submit(0, "after");
  EXPECT_TRUE(mesh.run_until([&] { return mesh.all_hold("after"); }));
  for (const Decision& decision : mesh.node(3).decisions) {
    EXPECT_FALSE(decision.block->header().tail());
  }
}

// Found by the swarm of whole kernels: what is asked from a height on may lie in two epochs.
TEST(DirectedTest, WhoIsAnEpochBehindFetchesTheBlocksOfBoth) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  bool deaf = true;
  mesh.drops = [&](std::size_t from, std::size_t to, const Message&) {
    return deaf && (from == 3 || to == 3);
  };
  for (const char* line : {"a", "members 0 1 2 3", "b"}) {
    mesh.submit(0, line);
    ASSERT_TRUE(mesh.run_until(
        [&] { return mesh.node(0).notebook->holds(line) || mesh.standing(0).epoch == 1; }));
  }
  mesh.run(seconds(80));
  deaf = false;
  EXPECT_TRUE(mesh.run_until([&] { return mesh.all_hold("b"); }, seconds(30)));
  EXPECT_EQ(mesh.standing(3).epoch, 1U);
}

// R2.2: a finalization that one node alone knows binds the others all the same, because the view in
// which it came about was never nullified. Returns whether two blocks were decided at one height.
bool a_hidden_finalization_forks(Weakness weakness) {
  Options options;
  options.weakness = weakness;
  MeshOfReplicas mesh(4, 0, options);
  mesh.settle_start();
  const Epoch epoch = mesh.epoch();
  const std::size_t knows = leader_of(mesh, 1);
  const std::size_t liar = leader_of(mesh, 2);
  mesh.lose_power(liar);  // the test speaks for it
  std::vector<std::size_t> others;
  for (std::size_t i = 0; i < 4; ++i) {
    if (i != knows && i != liar) others.push_back(i);
  }
  bool hidden = true;
  mesh.drops = [&](std::size_t from, std::size_t to, const Message& message) {
    if (!hidden) return false;
    if (const auto* vote = std::get_if<Vote>(&message)) {
      return vote->kind == VoteKind::finalize && vote->view == 1 && to != knows;
    }
    return from == knows &&
           (is_certificate(message, VoteKind::finalize) || std::holds_alternative<Status>(message));
  };
  mesh.submit(knows, "one");
  EXPECT_TRUE(mesh.run_until([&] { return mesh.node(knows).decisions.size() == 1; }));
  EXPECT_TRUE(mesh.node(others[0]).decisions.empty());
  const Proposal older = mesh.proposal(2, epoch);  // on genesis, as if view 1 had brought nothing
  for (const std::size_t i : others) {
    mesh.deliver(liar, i, older);
    mesh.deliver(liar, i, mesh.vote(liar, VoteKind::finalize, 2, older.block->hash(), epoch));
  }
  mesh.run(milliseconds(300));
  hidden = false;
  mesh.run(seconds(5));
  const base::Digest decided = mesh.node(knows).decisions.front().block->hash();
  for (const std::size_t i : others) {
    const auto& decisions = mesh.node(i).decisions;
    if (!decisions.empty() && decisions.front().block->hash() != decided) return true;
  }
  EXPECT_TRUE(mesh.all_hold("one"));
  return false;
}

TEST(DirectedTest, AHiddenFinalizationCannotBeSkipped) {
  EXPECT_FALSE(a_hidden_finalization_forks(Weakness::none));
  EXPECT_TRUE(a_hidden_finalization_forks(Weakness::skips_without_proof));
}

TEST(DirectedTest, D14ABodyThatReachesFewIsFinalizedOrSkipped) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  const std::size_t leader = leader_of(mesh, 1);
  const std::size_t lucky = (leader + 1) % 4;
  mesh.drops = [&](std::size_t from, std::size_t to, const Message& message) {
    if (from != leader || to == lucky) return false;
    return std::holds_alternative<Proposal>(message) || std::holds_alternative<Blocks>(message);
  };
  mesh.submit(leader, "one");
  EXPECT_TRUE(mesh.run_until([&] { return mesh.all_hold("one"); }));
}

TEST(DirectedTest, D15ALongOutageNeitherFloodsNorDelaysTheReturn) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  bool outage = true;
  mesh.drops = [&](auto, auto, const Message& message) {
    return outage && std::holds_alternative<Proposal>(message);
  };
  mesh.submit(0, "one");
  ASSERT_TRUE(mesh.run_until([&] { return mesh.standing(0).view > 200; }, seconds(4000)));
  const std::size_t before = mesh.sent();
  mesh.run(seconds(20));
  // 4 nodes, 3 peers, every half second: one status and 2 * 8 views of own votes, and certificates.
  EXPECT_LT(mesh.sent() - before, 20 * 2 * 4 * 3 * 32U);
  outage = false;
  EXPECT_TRUE(mesh.run_until([&] { return mesh.all_hold("one"); }, seconds(30)));
}

// 3.12: of an outage of any length, tallies of the newest views only, whatever is said again.
TEST(DirectedTest, TalliesOfOldViewsAreGivenUpAndStayGivenUp) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  mesh.drops = everything;
  const Options limits;
  const Epoch epoch = mesh.epoch();
  mesh.submit(0, "on");
  for (View view = 1; view <= 100; ++view) {
    for (const std::size_t from : {1U, 2U, 3U}) {
      mesh.deliver(from, 0, mesh.vote(from, VoteKind::nullify, view, {}, epoch));
    }
    if (view % 10 == 0) mesh.run(seconds(1));  // says its votes again, and counts them
  }
  EXPECT_EQ(mesh.standing(0).view, 101U);
  for (const std::size_t from : {1U, 2U, 3U}) {
    mesh.deliver(from, 0, mesh.vote(from, VoteKind::finalize, 2, epoch.id(), epoch));
  }
  EXPECT_EQ(mesh.standing(0).finalized_view, 0U);
  for (const Replica::Fill& fill : mesh.node(0).replica->fills()) {
    EXPECT_LE(fill.size, fill.limit) << fill.what;
  }
}

TEST(DirectedTest, D17ViewsThatNobodyCanReachAreNotKept) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  const Epoch& epoch = mesh.epoch();
  base::Digest block;
  block.bytes[0] = std::byte{1};
  for (const View view : {std::uint64_t{10}, std::uint64_t{1} << 63U, ~std::uint64_t{0}}) {
    mesh.deliver(1, 0, mesh.vote(1, VoteKind::notarize, view, block, epoch));
    mesh.deliver(1, 0, mesh.vote(1, VoteKind::nullify, view, {}, epoch));
  }
  EXPECT_EQ(mesh.standing(0).view, 1U);
  mesh.submit(0, "on");
  EXPECT_TRUE(mesh.run_until([&] { return mesh.all_hold("on"); }));
}

TEST(DirectedTest, D18TheViewAfterAReplayIsThatOfItsCertificates) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  mesh.drops = everything;
  for (View view = 1; view <= 3; ++view) {
    mesh.deliver(1, 0, mesh.certificate({1, 2, 3}, VoteKind::nullify, view, {}, mesh.epoch()));
  }
  ASSERT_EQ(mesh.standing(0).view, 4U);
  mesh.node(0).durable = mesh.node(0).log.size();
  mesh.lose_power(0);
  mesh.start(0);
  EXPECT_EQ(mesh.standing(0).view, 4U);
}

TEST(DirectedTest, D19AnOpThatCanNeverBeDecidedKeepsNobodyBusy) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  mesh.submit(0, "!never");
  mesh.run(seconds(2));
  EXPECT_EQ(mesh.standing(0).height, 0U);
  EXPECT_EQ(mesh.standing(0).pending_ops, 0U);
  const std::size_t before = mesh.votes_sent();
  mesh.run(seconds(20));
  EXPECT_EQ(mesh.votes_sent(), before);
}

TEST(DirectedTest, D20SuspectingEverybodyEndsNoViewEarly) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t j = 0; j < 4; ++j) mesh.hint(i, j, false);
  }
  mesh.submit(0, "one");
  EXPECT_TRUE(mesh.run_until([&] { return mesh.all_hold("one"); }, seconds(1)));
  EXPECT_EQ(mesh.standing(0).finalized_view, 1U);
}

// R10: one dead leader, hinted, costs less than its timer.
TEST(DirectedTest, AHintSkipsTheOneDeadLeader) {
  MeshOfReplicas mesh(4);
  mesh.settle_start();
  const std::size_t dead = leader_of(mesh, 1);
  mesh.lose_power(dead);
  mesh.run(seconds(1));
  for (std::size_t i = 0; i < 4; ++i) {
    if (i != dead) mesh.hint(i, dead, false);
  }
  // Its peers have heard from the others since.
  mesh.run(seconds(6));
  mesh.submit((dead + 1) % 4, "one");
  EXPECT_TRUE(mesh.run_until([&] { return mesh.all_hold("one"); }, milliseconds(200)));
}

}  // namespace
}  // namespace consensus
