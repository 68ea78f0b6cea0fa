#include "gossip/membership.h"

#include "crypto/digest.h"
#include "gossip/rings.h"
#include "tests/gossip/mesh_of_members.h"

#include <gtest/gtest.h>

#include <iostream>

namespace gossip::test {
namespace {

TEST(MembershipTest, JoiningBySeedConverges) {
  MeshOfMembers mesh(32);
  mesh.start_all();
  const auto took = mesh.pass_until([&] { return mesh.all_serve() && mesh.digests_agree(); }, 10s);
  ASSERT_TRUE(took);
  RecordProperty("seconds", std::to_string(base::in_seconds(*took)));
  EXPECT_LT(*took, 3s);
  EXPECT_EQ(mesh.deaths(), 0U);
}

TEST(MembershipTest, ANodeAloneServesAtOnce) {
  MeshOfMembers mesh(1);
  mesh.start(0, {});
  mesh.pass(10ms);
  EXPECT_EQ(mesh.state(0, 0), MemberState::serving);
}

TEST(MembershipTest, AnUnreachableSeedStopsNobodyAndIsRetriedForEver) {
  MeshOfMembers mesh(2);
  mesh.start(1, {0});
  mesh.pass(100s);
  EXPECT_EQ(mesh.state(1, 1), MemberState::serving);
  mesh.start(0, {});
  EXPECT_TRUE(mesh.pass_until([&] { return mesh.all_serve(); }, 40s));
}

TEST(MembershipTest, AKilledNodeIsDeadForAllWithinItsBound) {
  MeshOfMembers mesh(64);
  mesh.start_all(3);
  ASSERT_TRUE(mesh.pass_until([&] { return mesh.all_serve() && mesh.digests_agree(); }, 20s));
  base::Duration worst{};
  for (std::size_t victim = 20; victim < 30; ++victim) {
    mesh.pass(1370ms);
    mesh.kill(victim);
    const auto took = mesh.pass_until([&] { return mesh.all_see(victim, MemberState::dead); }, 20s);
    ASSERT_TRUE(took);
    worst = std::max(worst, *took);
    std::cout << "detected by all in " << base::in_seconds(*took) << " s\n";
  }
  EXPECT_LT(worst, 6s);
  EXPECT_EQ(mesh.deaths(), 54U * 10 + 9 * 10 / 2);
}

TEST(MembershipTest, TwoDeathsAtOnceInASmallMeshAreKnownAsSoonAsOne) {
  MeshOfMembers mesh(4);
  mesh.start_all(2);
  ASSERT_TRUE(mesh.pass_until([&] { return mesh.all_serve() && mesh.digests_agree(); }, 10s));
  mesh.kill(1);
  mesh.kill(3);
  const auto took = mesh.pass_until(
      [&] { return mesh.all_see(1, MemberState::dead) && mesh.all_see(3, MemberState::dead); },
      20s);
  ASSERT_TRUE(took);
  EXPECT_LT(*took, 7s);
}

TEST(MembershipTest, TwoNodesNoticeADeath) {
  MeshOfMembers mesh(2);
  mesh.start_all();
  ASSERT_TRUE(mesh.pass_until([&] { return mesh.all_serve(); }, 5s));
  mesh.kill(1);
  const auto took = mesh.pass_until([&] { return mesh.all_see(1, MemberState::dead); }, 10s);
  ASSERT_TRUE(took);
  EXPECT_LT(*took, 6s);
}

TEST(MembershipTest, TheLastSurvivorBuriesTheOthers) {
  MeshOfMembers mesh(11);
  mesh.start_all();
  ASSERT_TRUE(mesh.pass_until([&] { return mesh.all_serve(); }, 5s));
  for (std::size_t i = 1; i < 11; ++i) mesh.kill(i);
  EXPECT_TRUE(mesh.pass_until(
      [&] {
        for (std::size_t i = 1; i < 11; ++i) {
          if (mesh.state(0, i) != MemberState::dead) return false;
        }
        return true;
      },
      90s));
}

TEST(MembershipTest, ANewRecordReachesSixtyFourNodesInUnderASecond) {
  MeshOfMembers mesh(64);
  mesh.start_all(3);
  ASSERT_TRUE(mesh.pass_until([&] { return mesh.all_serve() && mesh.digests_agree(); }, 20s));
  mesh.pass(5s);
  mesh.run(5, [&](Membership& m, Effects& e) {
    m.on_local_status({.readiness = Readiness::at_capacity, .load = {}, .descriptor = {}}, mesh.now,
                      e);
  });
  const auto took = mesh.pass_until([&] { return mesh.all_see(5, MemberState::at_capacity); }, 10s);
  ASSERT_TRUE(took);
  std::cout << "known to all in " << base::in_seconds(*took) << " s\n";
  EXPECT_LT(*took, 1s);
}

TEST(MembershipTest, LiarsUpToTheToleratedNumberEvictNobody) {
  MeshOfMembers mesh(32);
  mesh.start_all(3);
  ASSERT_TRUE(mesh.pass_until([&] { return mesh.all_serve() && mesh.digests_agree(); }, 20s));
  // Three assigned monitors of node 9 accuse it without end, of every record that it publishes.
  Rings rings(mesh.options.rings, mesh.mesh);
  for (std::size_t i = 0; i < 32; ++i) rings.add(mesh.id(i));
  const auto monitors = rings.monitors(mesh.id(9));
  ASSERT_EQ(monitors.size(), 10U);
  ASSERT_EQ(tolerated_liars(monitors.size()), 3U);
  bool suspected = false;
  for (int round = 0; round < 150; ++round) {
    for (std::size_t liar = 0; liar < 3; ++liar) {
      const std::size_t from = mesh.index.at(monitors[liar]);
      const Member* seen = mesh[from].find(mesh.id(9));
      Packet packet;
      packet.accusations.push_back(mesh.accuse(from, 9, seen->record));
      mesh.inject(from, (from + 5) % 32, packet);
    }
    mesh.pass(100ms);
    suspected = suspected || mesh.state(20, 9) == MemberState::suspect;
  }
  EXPECT_TRUE(suspected);
  EXPECT_EQ(mesh.deaths(), 0U);
  mesh.pass(2s);
  EXPECT_TRUE(mesh.all_see(9, MemberState::serving));
}

TEST(MembershipTest, AccusationsOfSelfAppointedAccusersDoNotCount) {
  MeshOfMembers mesh(32);
  mesh.start_all(3);
  ASSERT_TRUE(mesh.pass_until([&] { return mesh.all_serve() && mesh.digests_agree(); }, 20s));
  Rings rings(mesh.options.rings, mesh.mesh);
  for (std::size_t i = 0; i < 32; ++i) rings.add(mesh.id(i));
  Packet packet;
  for (std::size_t i = 0; i < 32; ++i) {
    if (i == 9 || rings.is_monitor(mesh.id(i), mesh.id(9))) continue;
    packet.accusations.push_back(mesh.accuse(i, 9, mesh[3].find(mesh.id(9))->record));
  }
  ASSERT_GT(packet.accusations.size(), 15U);
  mesh.inject(4, 3, packet);
  mesh.pass(5ms);
  EXPECT_EQ(mesh.state(3, 9), MemberState::serving);
  mesh.pass(10s);
  EXPECT_EQ(mesh.deaths(), 0U);
}

TEST(MembershipTest, AForgedRecordOrAccusationChangesNoTable) {
  MeshOfMembers mesh(4);
  mesh.start_all();
  ASSERT_TRUE(mesh.pass_until([&] { return mesh.all_serve() && mesh.digests_agree(); }, 20s));
  mesh.pass(2s);
  const auto digest = mesh[0].table_digest();
  SignedRecord forged = mesh[0].find(mesh.id(1))->record;
  forged.record.version.sequence += 1;
  forged.record.readiness = Readiness::left;
  SignedAccusation accusation = mesh.accuse(2, 1, mesh[0].find(mesh.id(1))->record);
  accusation.accusation.accuser = mesh.id(3);
  Packet packet;
  packet.records.push_back(forged);
  packet.accusations.push_back(accusation);
  mesh.inject(2, 0, packet);
  mesh.pass(20ms);
  EXPECT_EQ(mesh[0].table_digest(), digest);
  EXPECT_EQ(mesh.state(0, 1), MemberState::serving);
  EXPECT_EQ(mesh[0].counters().items_refused, 2U);
}

TEST(MembershipTest, AStoppedNodeComesBackAndBuriesNobody) {
  MeshOfMembers mesh(16);
  mesh.start_all();
  ASSERT_TRUE(mesh.pass_until([&] { return mesh.all_serve() && mesh.digests_agree(); }, 20s));
  mesh.stop(7);
  mesh.pass(20s);
  EXPECT_TRUE(mesh.all_see(7, MemberState::dead));
  mesh.resume(7);
  EXPECT_TRUE(mesh.pass_until([&] { return mesh.all_serve() && mesh.digests_agree(); }, 20s));
  mesh.pass(20s);
  EXPECT_TRUE(mesh.all_serve());
  EXPECT_TRUE(mesh.nodes[7].declared_dead.empty());
  EXPECT_EQ(mesh[7].counters().starvations, 1U);
}

TEST(MembershipTest, AnAnswerInAQueueOfPacketsIsNoSilence) {
  MeshOfMembers mesh(16);
  mesh.start_all();
  ASSERT_TRUE(mesh.pass_until([&] { return mesh.all_serve() && mesh.digests_agree(); }, 20s));
  // Node 7 reads all that it is sent 600 ms late, longer than a probe waits for its answer.
  mesh.nodes[7].reads_late = 600ms;
  mesh.pass(30s);
  EXPECT_GT(mesh[7].counters().probes_sent, 20U);
  EXPECT_EQ(mesh[7].counters().accusations_made, 0U);
  EXPECT_EQ(mesh[7].counters().starvations, 0U);
}

TEST(MembershipTest, WhoIsBehindLeavesNewsForLaterAndSaysThatItLives) {
  MeshOfMembers mesh(16);
  mesh.start_all();
  ASSERT_TRUE(mesh.pass_until([&] { return mesh.all_serve() && mesh.digests_agree(); }, 20s));
  mesh.nodes[7].reads_late = 400ms;
  mesh.pass(5s);
  const std::uint64_t shed = mesh[7].counters().items_shed;
  for (int i = 0; i < 20; ++i) {
    LocalStatus status;
    status.readiness = i % 2 == 0 ? Readiness::draining : Readiness::serving;
    mesh.run(3, [&](Membership& member, Effects& effects) {
      member.on_local_status(status, mesh.now, effects);
    });
    mesh.pass(500ms);
  }
  EXPECT_GT(mesh[7].counters().items_shed, shed);
  EXPECT_EQ(mesh.deaths(), 0U);
  mesh.nodes[7].reads_late = {};
  EXPECT_TRUE(mesh.pass_until([&] { return mesh.all_serve() && mesh.digests_agree(); }, 20s));
}

TEST(MembershipTest, ARestartIsAcceptedAtOnce) {
  MeshOfMembers mesh(8);
  mesh.start_all();
  ASSERT_TRUE(mesh.pass_until([&] { return mesh.all_serve() && mesh.digests_agree(); }, 20s));
  mesh.kill(3);
  mesh.pass(300ms);
  mesh.start(3, {0});
  const auto took = mesh.pass_until(
      [&] {
        for (std::size_t i = 0; i < 8; ++i) {
          const Member* member = mesh[i].find(mesh.id(3));
          if (member == nullptr || member->record.record.version.epoch != 2) return false;
        }
        return mesh.all_serve();
      },
      10s);
  ASSERT_TRUE(took);
  EXPECT_LT(*took, 2s);
  EXPECT_EQ(mesh.deaths(), 0U);
}

TEST(MembershipTest, ARestartAfterALostDiskOutranksItsOwnPast) {
  MeshOfMembers mesh(4);
  mesh.start_all();
  ASSERT_TRUE(mesh.pass_until([&] { return mesh.all_serve() && mesh.digests_agree(); }, 20s));
  mesh.kill(3);
  mesh.nodes[3].epoch = 0;
  mesh.pass(10s);
  ASSERT_TRUE(mesh.all_see(3, MemberState::dead));
  mesh.start(3, {0});
  EXPECT_TRUE(mesh.pass_until([&] { return mesh.all_serve(); }, 10s));
  EXPECT_EQ(mesh.nodes[3].epoch, 2U);
}

TEST(MembershipTest, ARestartWithoutSeedsFindsItsOldMesh) {
  MeshOfMembers mesh(8);
  mesh.start_all();
  ASSERT_TRUE(mesh.pass_until([&] { return mesh.all_serve() && mesh.digests_agree(); }, 20s));
  std::vector<SignedRecord> known;
  for (const auto& [id, member] : mesh[5].members()) {
    if (id != mesh.id(5)) known.push_back(member.record);
  }
  mesh.kill(5);
  mesh.pass(8s);
  mesh.start(5, {}, known);
  EXPECT_TRUE(mesh.pass_until([&] { return mesh.all_serve() && mesh.digests_agree(); }, 10s));
}

TEST(MembershipTest, WhoLeavesIsLeftForAllAndDepartsWhenAcknowledged) {
  MeshOfMembers mesh(16);
  mesh.start_all();
  ASSERT_TRUE(mesh.pass_until([&] { return mesh.all_serve() && mesh.digests_agree(); }, 20s));
  mesh.run(4, [&](Membership& m, Effects& e) { m.on_leave(mesh.now, e); });
  EXPECT_FALSE(mesh[4].departed());
  const auto took = mesh.pass_until([&] { return mesh[4].departed(); }, 3s);
  ASSERT_TRUE(took);
  EXPECT_LT(*took, 500ms);
  mesh.kill(4);
  EXPECT_TRUE(mesh.pass_until([&] { return mesh.all_see(4, MemberState::left); }, 2s));
  mesh.pass(20s);
  EXPECT_TRUE(mesh.all_see(4, MemberState::left));
}

TEST(MembershipTest, ALeavingNodeDepartsInTwoSecondsThoughNobodyAnswers) {
  MeshOfMembers mesh(4);
  mesh.start_all();
  ASSERT_TRUE(mesh.pass_until([&] { return mesh.all_serve(); }, 20s));
  mesh.passes = [](std::size_t from, std::size_t) { return from != 1; };
  mesh.run(1, [&](Membership& m, Effects& e) { m.on_leave(mesh.now, e); });
  mesh.pass(1900ms);
  EXPECT_FALSE(mesh[1].departed());
  mesh.pass(200ms);
  EXPECT_TRUE(mesh[1].departed());
}

TEST(MembershipTest, APartitionHealsByItself) {
  MeshOfMembers mesh(32);
  mesh.start_all(3);
  ASSERT_TRUE(mesh.pass_until([&] { return mesh.all_serve() && mesh.digests_agree(); }, 20s));
  mesh.passes = [](std::size_t a, std::size_t b) { return (a < 16) == (b < 16); };
  ASSERT_TRUE(mesh.pass_until(
      [&] {
        for (std::size_t i = 0; i < 32; ++i) {
          if (mesh.state(i, (i + 16) % 32) != MemberState::dead) return false;
        }
        return true;
      },
      60s));
  mesh.pass(60s);
  mesh.passes = [](std::size_t, std::size_t) { return true; };
  const auto took = mesh.pass_until([&] { return mesh.all_serve() && mesh.digests_agree(); }, 120s);
  ASSERT_TRUE(took);
  std::cout << "healed in " << base::in_seconds(*took) << " s\n";
}

TEST(MembershipTest, AChangeOfAddressWorksAtOnce) {
  MeshOfMembers mesh(8);
  mesh.start_all();
  ASSERT_TRUE(mesh.pass_until([&] { return mesh.all_serve() && mesh.digests_agree(); }, 20s));
  mesh.kill(6);
  mesh.by_endpoint.erase(mesh.nodes[6].endpoint);
  mesh.nodes[6].endpoint = base::Endpoint::v4({10, 9, 9, 9}, 9);
  mesh.by_endpoint[mesh.nodes[6].endpoint] = 6;
  mesh.start(6, {0});
  EXPECT_TRUE(mesh.pass_until([&] { return mesh.all_serve() && mesh.digests_agree(); }, 3s));
  mesh.pass(10s);
  EXPECT_EQ(mesh.deaths(), 0U);
}

TEST(MembershipTest, AtRestThirtyTwoNodesKeepTheBudgetOfBytes) {
  MeshOfMembers mesh(32);
  mesh.start_all(3);
  ASSERT_TRUE(mesh.pass_until([&] { return mesh.all_serve() && mesh.digests_agree(); }, 20s));
  mesh.pass(10s);
  for (Node& node : mesh.nodes) node.bytes = node.datagrams = 0;
  mesh.pass(60s);
  std::uint64_t datagrams = 0;
  std::uint64_t most = 0;
  for (const Node& node : mesh.nodes) {
    datagrams += node.datagrams;
    most = std::max(most, node.datagrams);
  }
  EXPECT_LE(most, 60U * 2 + 10);
  EXPECT_NEAR(static_cast<double>(datagrams) / 32 / 60, 2.0, 0.1);
  for (std::size_t i = 0; i < 32; ++i) EXPECT_EQ(mesh[i].counters().probes_failed, 0U);
}

TEST(MembershipTest, LossOfAFifthOfAllDatagramsBuriesNobody) {
  MeshOfMembers mesh(24);
  mesh.start_all(3);
  ASSERT_TRUE(mesh.pass_until([&] { return mesh.all_serve() && mesh.digests_agree(); }, 20s));
  mesh.loss_ppm = 200'000;
  mesh.pass(180s);
  EXPECT_EQ(mesh.deaths(), 0U);
}

TEST(MembershipTest, ANodeThatHearsButIsNotHeardBuriesNobodyElse) {
  MeshOfMembers mesh(24);
  mesh.start_all(3);
  ASSERT_TRUE(mesh.pass_until([&] { return mesh.all_serve() && mesh.digests_agree(); }, 20s));
  mesh.passes = [](std::size_t, std::size_t to) { return to != 11; };
  mesh.pass(60s);
  for (std::size_t i = 0; i < 24; ++i) {
    if (i == 11) continue;
    for (const base::NodeId& dead : mesh.nodes[i].declared_dead) EXPECT_EQ(dead, mesh.id(11));
  }
  mesh.passes = [](std::size_t, std::size_t) { return true; };
  EXPECT_TRUE(mesh.pass_until([&] { return mesh.all_serve() && mesh.digests_agree(); }, 120s));
}

TEST(MembershipTest, AQuarterOfStarvedNodesKillsNoLivingNode) {
  MeshOfMembers mesh(32);
  mesh.start_all(3);
  ASSERT_TRUE(mesh.pass_until([&] { return mesh.all_serve() && mesh.digests_agree(); }, 20s));
  // Each of the eight sleeps for up to 1.5 s and runs for a moment.
  base::Rng rng(3);
  for (int round = 0; round < 60; ++round) {
    for (std::size_t i = 0; i < 8; ++i) mesh.stop(i);
    mesh.pass(std::chrono::milliseconds(rng.between(800, 1500)));
    for (std::size_t i = 0; i < 8; ++i) mesh.resume(i);
    mesh.pass(std::chrono::milliseconds(rng.between(50, 300)));
  }
  EXPECT_EQ(mesh.deaths(), 0U);
}

TEST(MembershipTest, ADescriptorIsPulledFromItsOwnerAndFromOthersWhenItIsGone) {
  MeshOfMembers mesh(5);
  mesh.start_all();
  ASSERT_TRUE(mesh.pass_until([&] { return mesh.all_serve(); }, 20s));
  const base::Bytes body = base::to_bytes("what node one can do");
  const base::Digest digest = crypto::digest(body);
  mesh[1].on_descriptor(digest, body);
  mesh[2].on_descriptor(digest, body);
  mesh.passes = [](std::size_t, std::size_t to) { return to != 1; };
  mesh.run(3,
           [&](Membership& m, Effects& e) { m.want_descriptor(mesh.id(1), digest, mesh.now, e); });
  mesh.pass(100ms);
  Effects effects;
  mesh[3].want_descriptor(mesh.id(1), digest, mesh.now, effects);
  const auto arrived = std::find_if(effects.begin(), effects.end(), [](const Effect& effect) {
    return std::holds_alternative<DescriptorArrived>(effect);
  });
  ASSERT_NE(arrived, effects.end());
  EXPECT_EQ(std::get<DescriptorArrived>(*arrived).descriptor, body);
}

// All but one know that node 5 was put out. That one goes on to vouch for it, and neither of the
// two is believed.
TEST(MembershipTest, WhoIsBarredStaysSoWhoeverVouchesForIt) {
  MeshOfMembers mesh(8);
  mesh.start_all();
  ASSERT_TRUE(mesh.pass_until([&] { return mesh.all_serve() && mesh.digests_agree(); }, 20s));
  const std::set<std::size_t> unaware{4, 5};
  bool out = true;
  for (std::size_t i = 0; i < 8; ++i) {
    if (unaware.contains(i)) continue;
    mesh[i].guard([&](const base::NodeId& id) { return !out || id != mesh.id(5); });
  }
  const auto doors_changed = [&] {
    for (std::size_t i = 0; i < 8; ++i) {
      const std::vector whom{mesh.id(5)};
      if (!unaware.contains(i)) {
        mesh.run(i, [&](Membership& m, Effects& e) { m.on_doors_changed(whom, mesh.now, e); });
      }
    }
  };
  doors_changed();
  std::size_t changes = 0;
  std::size_t packets = 0;
  mesh.on_effect = [&](std::size_t node, const Effect& effect) {
    if (unaware.contains(node)) return;
    const auto* change = std::get_if<MemberChanged>(&effect);
    if (change != nullptr && change->id == mesh.id(5) && change->after != MemberState::left) {
      ++changes;
    }
    const auto* packet = std::get_if<SendPacket>(&effect);
    if (packet != nullptr && packet->to == mesh.id(5)) ++packets;
  };
  for (int i = 0; i < 20; ++i) {  // it has news of itself all the time
    mesh.run(5, [&](Membership& m, Effects& e) {
      const Readiness readiness = i % 2 == 0 ? Readiness::at_capacity : Readiness::serving;
      m.on_local_status({.readiness = readiness, .load = {}, .descriptor = {}}, mesh.now, e);
    });
    mesh.pass(3s);
  }
  EXPECT_EQ(changes, 0U);
  EXPECT_EQ(packets, 0U);
  EXPECT_EQ(mesh.deaths(), 0U);
  mesh.on_effect = [](std::size_t, const Effect&) {};
  out = false;
  doors_changed();
  EXPECT_TRUE(mesh.pass_until([&] { return mesh.all_serve() && mesh.digests_agree(); }, 120s));
}

}  // namespace
}  // namespace gossip::test
