// What those can do who have a key but are no members, or write somebody else's address.
#include "crypto/identity.h"
#include "gossip/own_record.h"
#include "tests/gossip/mesh_of_members.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace gossip::test {
namespace {

crypto::Identity stranger(std::uint32_t number) {
  crypto::Seed seed;
  seed.bytes[0] = std::byte(number & 0xff);
  seed.bytes[1] = std::byte(number >> 8);
  seed.bytes[31] = std::byte{9};
  return crypto::Identity::from_seed(seed);
}

SignedRecord record_of(const crypto::Identity& who, const base::Endpoint& at) {
  SignedRecord out;
  out.record.subject = who.id();
  out.record.version = {.epoch = 1, .sequence = 1};
  out.record.endpoint = at;
  out.signature = who.sign(statement_of(out.record, base::MeshId()));
  return out;
}

class IntrudersTest : public testing::Test {
 protected:
  void start(std::size_t count, Options options = {}) {
    mesh.emplace(count, options);
    mesh->start_all();
    ASSERT_TRUE(mesh->pass_until([&] { return mesh->all_serve() && mesh->digests_agree(); }, 20s));
    mesh->pass(3s);
  }
  // What the first node does about a packet.
  std::vector<SendPacket> sent_after(const base::NodeId& from, const base::Endpoint& address,
                                     const Packet& packet) {
    std::vector<SendPacket> sent;
    Effects effects;
    (*mesh)[0].on_packet(from, address, packet, mesh->now, effects);
    for (const Effect& effect : effects) {
      if (const auto* send = std::get_if<SendPacket>(&effect)) sent.push_back(*send);
    }
    return sent;
  }

  std::optional<MeshOfMembers> mesh;
  const base::Endpoint public_address = base::Endpoint::v4({203, 0, 113, 5}, 1234);
  const base::Endpoint claimed = base::Endpoint::v4({10, 200, 0, 1}, 7400);
};

TEST_F(IntrudersTest, AStrangerWithManyKeysKeepsNoNewcomerOut) {
  Options options;
  options.members_max = 64;
  start(4, options);
  std::uint32_t key = 0;
  const auto introduce = [&](std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) {
      const crypto::Identity identity = stranger(key++);
      mesh->run(key % 4, [&](Membership& m, Effects& e) {
        m.on_question(1'000'000 + key, identity.id(), public_address,
                      Join{.record = record_of(identity, claimed), .after = {}}, mesh->now, e);
      });
    }
  };
  introduce(400);
  for (int second = 0; second < 60; ++second) {
    introduce(4);
    mesh->pass(1s);
  }
  EXPECT_LE((*mesh)[0].members().size(), 64U);
  const std::size_t newcomer = mesh->add_node();
  mesh->start(newcomer, {0});
  bool in = false;
  for (int second = 0; second < 30 && !in; ++second) {
    introduce(4);
    mesh->pass(1s);
    in = mesh->all_see(newcomer, MemberState::serving);
  }
  EXPECT_TRUE(in);
}

TEST_F(IntrudersTest, ARecordedIntroductionBringsNobodyIntoTheView) {
  start(3);
  const crypto::Identity gone = stranger(1);
  const std::uint64_t digest = (*mesh)[0].table_digest();
  Packet packet;
  packet.introduces = true;
  packet.records.push_back(record_of(gone, claimed));
  for (int i = 0; i < 40; ++i) {
    mesh->run(0, [&](Membership& m, Effects& e) {
      m.on_packet(gone.id(), claimed, packet, mesh->now, e);
    });
    mesh->pass(500ms);
    ASSERT_EQ((*mesh)[0].find(gone.id()), nullptr) << i;
  }
  EXPECT_EQ((*mesh)[0].table_digest(), digest);
}

TEST_F(IntrudersTest, WhoIntroducesItselfByADatagramEntersWhenItAnswers) {
  start(3);
  const std::size_t other = mesh->add_node();
  mesh->start(other, {});
  mesh->pass(1s);
  Packet packet;
  packet.introduces = true;
  packet.records.push_back(mesh->nodes[other].membership->find(mesh->id(other))->record);
  mesh->inject(other, 0, packet);
  mesh->pass(20ms);
  EXPECT_EQ(mesh->state(0, other), std::nullopt);
  EXPECT_TRUE(mesh->pass_until([&] { return mesh->state(0, other) == MemberState::serving; }, 2s));
}

TEST_F(IntrudersTest, AnAckToAnAddressThatIsNotTheMembersIsNoLargerThanItsPing) {
  start(4);
  mesh->run(0, [&](Membership& m, Effects& e) {
    m.on_local_status({.readiness = Readiness::at_capacity, .load = {}, .descriptor = {}},
                      mesh->now, e);
  });
  mesh->inject(2, 0, {});
  Packet ping;
  ping.body = Ping{.sequence = 7};
  const auto elsewhere = sent_after(mesh->id(1), public_address, ping);
  ASSERT_FALSE(elsewhere.empty());
  for (const SendPacket& sent : elsewhere) {
    if (sent.at != public_address) continue;
    EXPECT_EQ(sent.packet.body, Body(Ack{7}));
    EXPECT_LE(size_bound(sent.packet), size_bound(ping));
  }
  const auto home = sent_after(mesh->id(1), mesh->nodes[1].endpoint, ping);
  EXPECT_TRUE(std::any_of(home.begin(), home.end(), [&](const SendPacket& sent) {
    return sent.to == mesh->id(1) && !sent.packet.records.empty();
  })) << "nothing is told at present, so this test shows nothing";
}

TEST_F(IntrudersTest, AStrangersHintMakesNobodyLook) {
  start(4);
  const crypto::Identity identity = stranger(1);
  Packet hint;
  hint.body = Hint{.subject = mesh->id(2)};
  hint.introduces = true;
  hint.records.push_back(record_of(identity, claimed));
  const std::uint64_t probes = (*mesh)[0].counters().probes_sent;
  static_cast<void>(sent_after(identity.id(), claimed, hint));
  EXPECT_EQ((*mesh)[0].counters().probes_sent, probes);
  static_cast<void>(sent_after(mesh->id(3), mesh->nodes[3].endpoint, hint));
  EXPECT_EQ((*mesh)[0].counters().probes_sent, probes + 1);
}

// ---- an introducer that lies ----

class LyingIntroducerTest : public testing::Test {
 protected:
  // How many pages one that joins asks for, if all that it asks is answered so.
  std::size_t asks(const std::function<Welcome(const Join&)>& answer) {
    Options options;
    options.members_max = 1'024;
    Self self{.mesh = {},
              .name = "joiner",
              .endpoint = VirtualMesh::address(1),
              .seeds = {VirtualMesh::address(2)},
              .epoch_before = 0,
              .known = {}};
    Membership member(options, self, stranger(1), base::Rng(1));
    const auto now = base::Instant::from_nanoseconds(1'000'000'000);
    const base::NodeId seed = stranger(2).id();
    Effects effects;
    member.on_start({1'700'000'000'000}, now, effects);
    std::size_t count = 0;
    for (std::size_t i = 0; i < effects.size() && count < 1'000; ++i) {
      const auto* ask = std::get_if<Ask>(&effects[i]);
      if (ask == nullptr) continue;
      ++count;
      const std::uint64_t request = ask->request;
      Welcome page = answer(std::get<Join>(ask->question));
      member.on_reply(request, seed, std::move(page), now, effects);
    }
    return count;
  }
};

TEST_F(LyingIntroducerTest, TheSamePageAgainIsNotAskedFor) {
  const SignedRecord one = record_of(stranger(7), VirtualMesh::address(7));
  EXPECT_EQ(asks([&](const Join&) {
              Welcome page;
              page.records.push_back(one);
              page.more = true;
              return page;
            }),
            2U);
}

TEST_F(LyingIntroducerTest, PagesEndWhereTheTableDoes) {
  std::uint8_t low = 0;
  EXPECT_LE(asks([&](const Join& join) {
              SignedRecord next = record_of(stranger(7), VirtualMesh::address(7));
              next.record.subject = join.after;
              next.record.subject.bytes[30] = std::byte(++low);
              Welcome page;
              page.records.push_back(next);
              page.more = true;
              return page;
            }),
            6U);
}

}  // namespace
}  // namespace gossip::test
