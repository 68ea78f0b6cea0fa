// Nodes that are too far behind for blocks, in a mesh of replicas with a small notebook.
#include "tests/consensus/mesh_of_replicas.h"

#include <gtest/gtest.h>

#include <string>

namespace consensus {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t late = 4;  // the one that is away

Options options() {
  Options options;
  options.snapshot_after = 10;
  options.pieces_asked_max = 4;
  options.recent_blocks_max = 2;  // else all of them are fetched by their hashes
  return options;
}

// Four members decide, and a fifth node has seen nothing of it.
class SnapshotTest : public testing::Test {
 protected:
  SnapshotTest() : mesh_(4, 1, options()) {
    mesh_.node(late).replica.reset();
    mesh_.settle_start();
  }
  void decide(const std::string& line) {
    mesh_.submit(0, line);
    ASSERT_TRUE(mesh_.run_until([&] { return mesh_.all_hold(line); })) << line;
  }
  void decide_many(const std::string& prefix, int count) {
    for (int i = 0; i < count; ++i) decide(prefix + std::to_string(i));
  }
  bool late_holds(const std::string& line) { return mesh_.node(late).notebook->holds(line); }
  bool wait_for(const std::string& line) {
    return mesh_.run_until([&] { return late_holds(line); });
  }

  MeshOfReplicas mesh_;
};

TEST_F(SnapshotTest, AStateComesAsAWholeAndBlocksFollowOnIt) {
  decide_many("a", 30);
  mesh_.start(late);
  ASSERT_TRUE(wait_for("a29"));
  EXPECT_EQ(mesh_.node(late).installed, 1U);
  EXPECT_EQ(mesh_.node(late).decisions.size(), 1U);
  decide_many("b", 3);
  EXPECT_EQ(mesh_.node(late).decisions.size(), 4U);
  EXPECT_EQ(mesh_.node(late).notebook->state().lines, mesh_.node(0).notebook->state().lines);
}

TEST_F(SnapshotTest, WhoIsNotThatFarBehindGetsBlocks) {
  decide_many("a", 8);
  mesh_.start(late);
  ASSERT_TRUE(wait_for("a7"));
  EXPECT_EQ(mesh_.node(late).installed, 0U);
  EXPECT_EQ(mesh_.node(late).decisions.size(), 8U);
}

TEST_F(SnapshotTest, EpochsOnTheWayAreProvenAndPassed) {
  decide_many("a", 3);
  decide("members 0 1 2");
  decide_many("b", 3);
  decide("members 0 1 2 3");
  decide_many("c", 12);
  mesh_.start(late);
  ASSERT_TRUE(wait_for("c11"));
  EXPECT_EQ(mesh_.node(late).installed, 1U);
  EXPECT_EQ(mesh_.node(late).replica->epoch().number(), 2U);
  decide("after");
  mesh_.lose_power(late);
  mesh_.start(late);
  decide("after a restart");
  EXPECT_EQ(mesh_.node(late).installed, 1U);
}

// No image is made of a state that belongs to two epochs.
TEST_F(SnapshotTest, BlocksHaveToDoWhereTheLastOneSealsAnEpoch) {
  decide_many("a", 12);
  decide("members 0 1 2");
  mesh_.start(late);
  ASSERT_TRUE(mesh_.run_until([&] { return mesh_.node(late).replica->epoch().number() == 1; }));
  EXPECT_EQ(mesh_.node(late).installed, 0U);
  EXPECT_TRUE(late_holds("a11"));
}

// Twelve epochs ended while one was away, and an offer proves three of them.
class SnapshotFarAwayTest : public ::testing::Test {
 protected:
  static Options few() {
    Options out = options();
    out.snapshot_epochs_max = 3;
    out.epochs_page_max = 2;
    return out;
  }
  bool decide(const std::string& line) {
    mesh.submit(0, line);
    return mesh.run_until([&] { return mesh.all_hold(line); });
  }
  void SetUp() override {
    mesh.node(late).replica.reset();
    mesh.settle_start();
    for (std::size_t round = 0; round < 6; ++round) {
      const std::string again(round, ' ');  // no line is written twice
      ASSERT_TRUE(decide("members 0 1 2" + again));
      ASSERT_TRUE(decide("members 0 1 2 3" + again));
    }
    ASSERT_TRUE(decide("last"));
  }

  MeshOfReplicas mesh{4, 1, few()};
};

TEST_F(SnapshotFarAwayTest, MoreEpochsThanAnOfferProvesComeInPagesBeforeIt) {
  std::size_t pages = 0;
  mesh.drops = [&pages](std::size_t, std::size_t, const Message& message) {
    const auto* proofs = std::get_if<EpochProofs>(&message);
    if (proofs != nullptr && proofs->proofs.size() > 1) ++pages;
    return false;
  };
  mesh.start(late);
  ASSERT_TRUE(mesh.run_until([&] { return mesh.node(late).notebook->holds("last"); }));
  EXPECT_GE(pages, 4U);
  EXPECT_EQ(mesh.node(late).installed, 1U);
  EXPECT_EQ(mesh.node(late).replica->epoch().number(), 12U);
  // All of them are kept, so that it proves to others what was proven to it.
  EXPECT_EQ(mesh.node(late).epochs.size(), 12U);
  EXPECT_NE(mesh.node(late).replica->end_of(0), nullptr);
  EXPECT_TRUE(decide("after"));
}

TEST_F(SnapshotFarAwayTest, APageOfMoreProofsThanAnybodySendsIsNotTaken) {
  std::optional<std::size_t> asked;
  EpochNumber proven = 0;
  mesh.drops = [&](std::size_t from, std::size_t to, const Message& message) {
    if (const auto* question = std::get_if<GetRange>(&message)) proven = question->epoch;
    const auto* page = std::get_if<EpochProofs>(&message);
    if (to != late || page == nullptr || page->proofs.size() < 2) return false;
    asked = from;
    return true;
  };
  mesh.start(late);
  ASSERT_TRUE(mesh.run_until([&] { return asked.has_value(); }));
  const std::vector<EpochProof>& all = mesh.node(0).epochs;
  mesh.deliver(*asked, late, EpochProofs{.proofs = {all.begin(), all.begin() + 3}});
  asked.reset();
  mesh.run(seconds(3));
  EXPECT_EQ(proven, 0U);
  ASSERT_TRUE(asked.has_value());
  mesh.deliver(*asked, late, EpochProofs{.proofs = {all.begin(), all.begin() + 2}});
  mesh.run(seconds(3));
  EXPECT_EQ(proven, 2U);
}

TEST_F(SnapshotTest, WhoWantsBlocksIsNotOfferedAState) {
  decide_many("a", 30);
  bool offered = false;
  mesh_.drops = [&](std::size_t, std::size_t, const Message& message) {
    offered = offered || std::holds_alternative<SnapshotOffer>(message);
    return false;
  };
  Options patient = options();
  patient.snapshot_after = 40;
  mesh_.use(patient);
  mesh_.start(late);
  ASSERT_TRUE(wait_for("a29"));
  EXPECT_FALSE(offered);
  EXPECT_EQ(mesh_.node(late).decisions.size(), 30U);
}

TEST_F(SnapshotTest, AnImageThatIsKeptForSomebodyElseIsGoodEnough) {
  decide_many("a", 30);
  mesh_.start(late);
  ASSERT_TRUE(wait_for("a29"));
  // The image is of height 30, and four blocks stand on it.
  mesh_.lose_power(late);
  mesh_.node(late).replica.reset();
  decide_many("b", 4);
  MeshOfReplicas::Node& node = mesh_.node(late);
  node.log.clear();
  node.durable = 0;
  node.decisions.clear();
  node.states.clear();
  mesh_.start(late);
  ASSERT_TRUE(wait_for("b3"));
  EXPECT_EQ(node.installed, 2U);
}

// All that are there came by a snapshot themselves, or so it looks to who asks.
class NoBlocksTest : public SnapshotTest {
 protected:
  void forget_blocks(std::size_t from) {
    for (std::size_t i = from; i < 4; ++i) {
      std::vector<Decision>& decisions = mesh_.node(i).decisions;
      decisions.erase(decisions.begin(), decisions.end() - 1);
    }
  }
};

TEST_F(NoBlocksTest, WhoWouldRatherHaveThemTakesTheState) {
  decide_many("a", 30);
  forget_blocks(0);
  Options patient = options();
  patient.snapshot_after = 1'000;
  mesh_.use(patient);
  mesh_.start(late);
  ASSERT_TRUE(wait_for("a29"));
  EXPECT_EQ(mesh_.node(late).installed, 1U);
  decide("b");
}

TEST_F(NoBlocksTest, WhoLacksFewTakesTheState) {
  mesh_.start(late);
  decide_many("a", 10);
  mesh_.lose_power(late);
  decide_many("b", 4);
  forget_blocks(0);
  mesh_.start(late);
  ASSERT_TRUE(wait_for("b3"));
  EXPECT_EQ(mesh_.node(late).installed, 1U);
  decide("c");
}

TEST_F(NoBlocksTest, OneWhoSaysSoIsNotEnough) {
  decide_many("a", 8);
  forget_blocks(3);
  Options patient = options();
  patient.snapshot_after = 1'000;
  mesh_.use(patient);
  std::size_t offers = 0;
  mesh_.drops = [&](std::size_t from, std::size_t to, const Message& message) {
    if (std::holds_alternative<SnapshotOffer>(message)) ++offers;
    // The others take their time.
    return to == late && from != 3 && std::holds_alternative<Range>(message) && offers < 3;
  };
  mesh_.start(late);
  ASSERT_TRUE(wait_for("a7"));
  EXPECT_GE(offers, 3U);
  EXPECT_EQ(mesh_.node(late).installed, 0U);
  EXPECT_GE(mesh_.node(late).decisions.size(), 8U);
}

// A fifth node asks for a snapshot when that of the other one is old already.
TEST_F(SnapshotTest, AnImageIsNotReplacedWhilePiecesOfItAreFetched) {
  decide_many("a", 30);
  bool slow = false;
  std::set<base::Digest> roots;
  mesh_.drops = [&](std::size_t, std::size_t to, const Message& message) {
    const auto* pieces = std::get_if<Pieces>(&message);
    if (to == late && pieces != nullptr) roots.insert(pieces->root);
    return slow && std::holds_alternative<GetPieces>(message);
  };
  mesh_.start(late);
  ASSERT_TRUE(mesh_.run_until([&] { return mesh_.node(late).pieces.size() >= 8; }));
  slow = true;
  for (int i = 0; i < 8; ++i) {
    mesh_.submit(0, "b" + std::to_string(i));
    mesh_.run(milliseconds(60));
  }
  for (std::size_t server = 0; server < 4; ++server) {
    ASSERT_GE(mesh_.standing(server).height, 36U);
    mesh_.deliver((server + 1) % 4, server,
                  GetRange{.epoch = 0,
                           .from_height = 1,
                           .blocks_max = 256,
                           .bytes_max = 1'000'000,
                           .snapshot_after = 10});
  }
  slow = false;
  ASSERT_TRUE(wait_for("b7"));
  EXPECT_EQ(roots.size(), 1U);
  EXPECT_EQ(mesh_.node(late).installed, 1U);
}

TEST_F(SnapshotTest, ALiarIsNamedAndTheStateComesFromSomebodyElse) {
  decide_many("a", 30);
  std::optional<std::size_t> liar;
  std::optional<Pieces> lie;
  mesh_.drops = [&](std::size_t from, std::size_t, const Message& message) {
    const auto* pieces = std::get_if<Pieces>(&message);
    if (pieces == nullptr) return false;
    if (liar && from != *liar) return false;
    if (!lie) {
      liar = from;
      lie = *pieces;
      lie->pieces.front().bytes.front() ^= std::byte{1};
    }
    return true;
  };
  mesh_.start(late);
  ASSERT_TRUE(mesh_.run_until([&] { return lie.has_value(); }));
  mesh_.deliver(*liar, late, *lie);
  EXPECT_EQ(mesh_.node(late).blamed.size(), 1U);
  ASSERT_TRUE(wait_for("a29"));
  EXPECT_EQ(mesh_.node(late).installed, 1U);
}

TEST_F(SnapshotTest, AnOfferThatProvesNothingIsNotTaken) {
  decide_many("a", 30);
  std::optional<SnapshotOffer> offer;
  mesh_.drops = [&](std::size_t, std::size_t, const Message& message) {
    const auto* seen = std::get_if<SnapshotOffer>(&message);
    if (seen != nullptr && !offer) offer = *seen;
    return seen != nullptr;
  };
  mesh_.start(late);
  ASSERT_TRUE(mesh_.run_until([&] { return offer.has_value(); }));
  SnapshotOffer forged = *offer;
  forged.finalization.signatures.front().bytes[3] ^= std::byte{1};
  mesh_.deliver(1, late, forged);
  SnapshotOffer other = *offer;
  other.manifest.push_back(std::byte{1});
  mesh_.deliver(2, late, other);
  mesh_.run(seconds(5));
  EXPECT_EQ(mesh_.node(late).installed, 0U);
}

TEST_F(SnapshotTest, WhatCameBeforeALossOfPowerIsNotAskedForAgain) {
  decide_many("a", 30);
  mesh_.start(late);
  ASSERT_TRUE(mesh_.run_until([&] { return mesh_.node(late).pieces.size() >= 12; }));
  mesh_.lose_power(late);
  const std::size_t kept = mesh_.node(late).pieces.size();
  std::set<PieceIndex> asked;
  mesh_.drops = [&](std::size_t, std::size_t, const Message& message) {
    const auto* question = std::get_if<GetPieces>(&message);
    if (question != nullptr) asked.insert(question->pieces.begin(), question->pieces.end());
    return false;
  };
  mesh_.start(late);
  ASSERT_TRUE(wait_for("a29"));
  EXPECT_EQ(asked.size(), 30 - kept);
}

TEST_F(SnapshotTest, AServerThatFallsSilentIsLeft) {
  decide_many("a", 30);
  std::optional<std::size_t> silent;
  mesh_.drops = [&](std::size_t from, std::size_t, const Message& message) {
    if (!std::holds_alternative<Pieces>(message)) return false;
    if (!silent) silent = from;
    return from == *silent;
  };
  mesh_.start(late);
  ASSERT_TRUE(wait_for("a29"));
  EXPECT_EQ(mesh_.node(late).installed, 1U);
}

}  // namespace
}  // namespace consensus
