#include "node/kernel/datagram_gate.h"

#include "base/rng.h"

#include <gtest/gtest.h>

namespace kernel {
namespace {

using base::Instant;
using base::NodeId;

crypto::Identity identity(std::uint64_t number) {
  crypto::Seed seed;
  for (std::size_t i = 0; i < 8; ++i) seed.bytes[i] = static_cast<std::byte>(number >> (8 * i));
  return crypto::Identity::from_seed(seed);
}

// A node id that begins with the same eight bytes as `id` and is not a key of anybody.
NodeId with_the_short_id_of(const NodeId& id, unsigned char last) {
  NodeId other = id;
  for (std::size_t i = 8; i < 32; ++i) other.bytes[i] = static_cast<std::byte>(last);
  return other;
}

class DatagramGateTest : public testing::Test {
 protected:
  DatagramGateTest() {
    anna_.allow(bert_identity_.id(), {});
    bert_.allow(anna_identity_.id(), {});
  }
  base::Bytes from_anna(std::string_view text, bool introduces = false) {
    return *anna_.seal(bert_identity_.id(), introduces, base::as_bytes(text));
  }
  std::string opened_by_bert(base::ByteView datagram) {
    auto opened = bert_.open(endpoint_, datagram, now_);
    if (!opened) return std::string(to_string(opened.error()));
    return std::string(base::as_text(opened->plaintext));
  }

  crypto::Identity anna_identity_ = identity(1);
  crypto::Identity bert_identity_ = identity(2);
  crypto::Identity carl_identity_ = identity(3);
  DatagramGate anna_{anna_identity_, base::MeshId{}, 1};
  DatagramGate bert_{bert_identity_, base::MeshId{}, 1};
  base::Endpoint endpoint_ = base::Endpoint::v4({127, 0, 0, 1}, 7400);
  Instant now_;
};

TEST_F(DatagramGateTest, PassesWhatAMemberSealed) {
  const auto opened = bert_.open(endpoint_, from_anna("hello"), now_);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->sender, anna_identity_.id());
  EXPECT_FALSE(opened->introduced);
  EXPECT_EQ(base::as_text(opened->plaintext), "hello");
  EXPECT_EQ(bert_.opened(), 1U);
}

TEST_F(DatagramGateTest, AddsThirtyEightBytes) {
  EXPECT_EQ(from_anna("hello").size(), 5U + 38U);
  EXPECT_EQ(from_anna("hello", true).size(), 5U + 62U);
  EXPECT_EQ(anna_.plaintext_max(false), 1'400U - 38U);
}

TEST_F(DatagramGateTest, NamesTheReasonOfEachRefusal) {
  EXPECT_EQ(opened_by_bert({}), "wrong_size");
  EXPECT_EQ(opened_by_bert(base::Bytes(37)), "wrong_size");
  EXPECT_EQ(opened_by_bert(base::Bytes(1'401)), "wrong_size");
  base::Bytes version = from_anna("x");
  version[0] = std::byte{0x20};
  EXPECT_EQ(opened_by_bert(version), "unknown_version");
  base::Bytes mesh = from_anna("x");
  mesh[1] ^= std::byte{1};
  EXPECT_EQ(opened_by_bert(mesh), "foreign_mesh");
  base::Bytes sender = from_anna("x");
  sender[4] ^= std::byte{1};
  EXPECT_EQ(opened_by_bert(sender), "unknown_sender");
  base::Bytes counter = from_anna("x");
  counter[16] ^= std::byte{1};
  EXPECT_EQ(opened_by_bert(counter), "not_authentic");
  base::Bytes tail = from_anna("x");
  tail.back() ^= std::byte{1};
  EXPECT_EQ(opened_by_bert(tail), "not_authentic");
  EXPECT_EQ(bert_.refused(GateError::wrong_size), 3U);
  EXPECT_EQ(bert_.refused(GateError::not_authentic), 2U);
  EXPECT_EQ(bert_.opened(), 0U);
}

TEST_F(DatagramGateTest, TakesEachDatagramOnce) {
  const base::Bytes datagram = from_anna("once");
  EXPECT_EQ(opened_by_bert(datagram), "once");
  EXPECT_EQ(opened_by_bert(datagram), "replayed");
}

TEST_F(DatagramGateTest, TakesDatagramsOutOfOrder) {
  const base::Bytes first = from_anna("first");
  const base::Bytes second = from_anna("second");
  EXPECT_EQ(opened_by_bert(second), "second");
  EXPECT_EQ(opened_by_bert(first), "first");
}

TEST_F(DatagramGateTest, ForgedHighCounterDoesNotMoveTheWindow) {
  base::Bytes forged = from_anna("x");
  forged[21] = std::byte{0x7f};
  EXPECT_EQ(opened_by_bert(forged), "not_authentic");
  EXPECT_EQ(opened_by_bert(from_anna("genuine")), "genuine");
}

TEST_F(DatagramGateTest, NewRunOfTheSenderEndsItsOlderOnes) {
  const base::Bytes old = from_anna("old");
  DatagramGate restarted(anna_identity_, base::MeshId{}, 2);
  EXPECT_EQ(opened_by_bert(*restarted.seal(bert_identity_.id(), false, base::as_bytes("new"))),
            "new");
  EXPECT_EQ(opened_by_bert(old), "replayed");
}

TEST_F(DatagramGateTest, ReflectedDatagramDoesNotOpen) {
  base::Bytes datagram = from_anna("x");
  EXPECT_EQ(anna_.open(endpoint_, datagram, now_).error(), GateError::unknown_sender);
  // Even under the name of the peer.
  for (std::size_t i = 0; i < 8; ++i) datagram[4 + i] = bert_identity_.id().bytes[i];
  EXPECT_EQ(anna_.open(endpoint_, datagram, now_).error(), GateError::not_authentic);
}

TEST_F(DatagramGateTest, IntroductionOpensAndLeavesNoTrace) {
  DatagramGate carl(carl_identity_, base::MeshId{}, 1);
  const base::Bytes datagram = *carl.seal(bert_identity_.id(), true, base::as_bytes("i am carl"));
  for (int i = 0; i < 2; ++i) {  // no window is kept for the unknown, so a replay opens too
    const auto opened = bert_.open(endpoint_, datagram, now_);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->sender, carl_identity_.id());
    EXPECT_TRUE(opened->introduced);
  }
  EXPECT_FALSE(bert_.knows(carl_identity_.id()));
  EXPECT_EQ(bert_.keys_kept(), 0U);
  EXPECT_EQ(opened_by_bert(*carl.seal(bert_identity_.id(), false, base::as_bytes("x"))),
            "unknown_sender");
}

TEST_F(DatagramGateTest, IntroductionByAKnownPeerIsSubjectToItsWindow) {
  const base::Bytes datagram = from_anna("again it is me", true);
  EXPECT_EQ(opened_by_bert(datagram), "again it is me");
  EXPECT_EQ(opened_by_bert(datagram), "replayed");
}

TEST_F(DatagramGateTest, NobodyIntroducesItselfAsThisNodeOrAsNoKey) {
  base::Bytes datagram = from_anna("x", true);
  std::copy_n(bert_identity_.id().bytes.begin(), 32, datagram.begin() + 4);
  EXPECT_EQ(opened_by_bert(datagram), "unknown_sender");
  std::fill_n(datagram.begin() + 4, 32, std::byte{0});
  EXPECT_EQ(opened_by_bert(datagram), "unusable_key");
}

TEST_F(DatagramGateTest, LimitsOneSenderWithoutTheOthers) {
  bert_ = DatagramGate(bert_identity_, base::MeshId{}, 1,
                       {.peer_datagrams_per_second = 10, .peer_burst = 5});
  bert_.allow(anna_identity_.id(), {});
  bert_.allow(carl_identity_.id(), {});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(opened_by_bert(from_anna("x")), "x");
  EXPECT_EQ(opened_by_bert(from_anna("x")), "rate_limited");
  DatagramGate carl(carl_identity_, base::MeshId{}, 1);
  EXPECT_EQ(opened_by_bert(*carl.seal(bert_identity_.id(), false, base::as_bytes("c"))), "c");
  now_ = now_ + std::chrono::milliseconds(100);
  EXPECT_EQ(opened_by_bert(from_anna("x")), "x");
  EXPECT_EQ(opened_by_bert(from_anna("x")), "rate_limited");
}

// Five thousand forgeries a second under a member's short id, which is public, from wherever the
// forger likes to say that they come from.
TEST_F(DatagramGateTest, ForgeriesUseUpNobodysRateWhereverTheySayTheyComeFrom) {
  const base::Endpoint annas = base::Endpoint::v4({10, 0, 0, 1}, 7400);
  bert_.allow(anna_identity_.id(), {.epoch = 1, .at = annas});
  for (const base::Endpoint& forger : {annas, base::Endpoint::v4({10, 6, 6, 6}, 666)}) {
    for (int second = 0; second < 3; ++second) {
      for (int i = 0; i < 5'000; ++i) {
        base::Bytes forged = from_anna("");
        forged.back() ^= std::byte{1};
        EXPECT_FALSE(bert_.open(forger, forged, now_));
        now_ = now_ + std::chrono::microseconds(200);
        if (i % 10 == 0) {
          ASSERT_TRUE(bert_.open(annas, from_anna("ack"), now_)) << second << " " << i;
        }
      }
    }
  }
}

TEST_F(DatagramGateTest, BadSealsAreChargedToTheAddressThatTheyComeFrom) {
  const base::Endpoint annas = base::Endpoint::v4({10, 0, 0, 1}, 7400);
  const base::Endpoint forger = base::Endpoint::v4({10, 6, 6, 6}, 666);
  bert_ = DatagramGate(bert_identity_, base::MeshId{}, 1,
                       {.failures_per_second = 10, .failures_burst = 5});
  bert_.allow(anna_identity_.id(), {.epoch = 1, .at = annas});
  base::Bytes forged = from_anna("x");
  forged.back() ^= std::byte{1};
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(bert_.open(forger, forged, now_).error(), GateError::not_authentic);
  }
  EXPECT_EQ(bert_.open(forger, forged, now_).error(), GateError::rate_limited);
  // A member that moved is heard from its new address, and known there from then on.
  EXPECT_TRUE(bert_.open(endpoint_, from_anna("moved"), now_));
  now_ = now_ + std::chrono::seconds(1);
  EXPECT_EQ(bert_.open(forger, forged, now_).error(), GateError::not_authentic);
}

TEST_F(DatagramGateTest, RecordingsOfOlderEpochsThanThatOfTheRecordTellNothing) {
  const base::Bytes recorded = from_anna("i live");
  DatagramGate restarted(bert_identity_, base::MeshId{}, 2);
  restarted.allow(anna_identity_.id(), {.epoch = 2, .at = endpoint_});
  EXPECT_EQ(restarted.open(endpoint_, recorded, now_).error(), GateError::replayed);
  // One that is known ends its older epochs with a newer record, too.
  bert_.allow(anna_identity_.id(), {.epoch = 2, .at = endpoint_});
  EXPECT_EQ(opened_by_bert(recorded), "replayed");
  EXPECT_TRUE(anna_.claim(2));
  EXPECT_EQ(opened_by_bert(from_anna("present")), "present");
}

TEST_F(DatagramGateTest, ClaimsNoEpochBeyondTheLast) {
  EXPECT_FALSE(anna_.claim(std::uint64_t{1} << 32));
  EXPECT_EQ(opened_by_bert(from_anna("in the old one")), "in the old one");
  EXPECT_TRUE(anna_.claim(wire::Envelope::epoch_max));
  EXPECT_EQ(opened_by_bert(from_anna("in the last one")), "in the last one");
}

TEST_F(DatagramGateTest, LimitsIntroductionsAllTogetherWithoutTheMembers) {
  bert_ = DatagramGate(bert_identity_, base::MeshId{}, 1,
                       {.introductions_per_second = 10, .introductions_burst = 3});
  bert_.allow(anna_identity_.id(), {});
  for (std::uint64_t i = 10; i < 20; ++i) {
    DatagramGate stranger(identity(i), base::MeshId{}, 1);
    const auto datagram = stranger.seal(bert_identity_.id(), true, base::as_bytes("s"));
    EXPECT_EQ(opened_by_bert(*datagram), i < 13 ? "s" : "introductions_limited");
  }
  EXPECT_EQ(opened_by_bert(from_anna("member")), "member");
}

TEST_F(DatagramGateTest, TriesAllWhoShareAShortId) {
  EXPECT_TRUE(bert_.allow(with_the_short_id_of(anna_identity_.id(), 0x00), {}));
  EXPECT_TRUE(bert_.allow(with_the_short_id_of(anna_identity_.id(), 0xff), {}));
  const auto opened = bert_.open(endpoint_, from_anna("it is really me"), now_);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->sender, anna_identity_.id());
}

TEST_F(DatagramGateTest, ForgottenPeerIsUnknownAgain) {
  EXPECT_EQ(opened_by_bert(from_anna("x")), "x");
  bert_.forget(anna_identity_.id());
  EXPECT_EQ(opened_by_bert(from_anna("x")), "unknown_sender");
  EXPECT_EQ(bert_.keys_kept(), 0U);
  bert_.allow(anna_identity_.id(), {});
  EXPECT_EQ(opened_by_bert(from_anna("back")), "back");
}

TEST_F(DatagramGateTest, KeepsNoMoreKeysThanItMayAndStillOpensAll) {
  bert_ = DatagramGate(bert_identity_, base::MeshId{}, 1, {.peers_max = 10, .keys_max = 2});
  for (std::uint64_t i = 10; i < 20; ++i) EXPECT_TRUE(bert_.allow(identity(i).id(), {}));
  EXPECT_FALSE(bert_.allow(identity(20).id(), {}));
  EXPECT_EQ(bert_.keys_kept(), 0U);
  for (int round = 0; round < 2; ++round) {
    for (std::uint64_t i = 10; i < 20; ++i) {
      DatagramGate peer(identity(i), base::MeshId{}, static_cast<std::uint64_t>(round + 1));
      EXPECT_EQ(opened_by_bert(*peer.seal(bert_identity_.id(), false, base::as_bytes("p"))), "p");
      EXPECT_LE(bert_.keys_kept(), 2U);
    }
  }
}

TEST_F(DatagramGateTest, RefusesToSealWhatCannotBeSent) {
  EXPECT_EQ(anna_.seal(NodeId{}, false, {}).error(), GateError::unusable_key);
  const base::Bytes fits(anna_.plaintext_max(true));
  EXPECT_TRUE(anna_.seal(bert_identity_.id(), true, fits));
  const base::Bytes too_long(anna_.plaintext_max(true) + 1);
  EXPECT_EQ(anna_.seal(bert_identity_.id(), true, too_long).error(), GateError::wrong_size);
}

TEST_F(DatagramGateTest, AHundredThousandBadDatagramsChangeNothing) {
  base::Rng rng(1);
  std::vector<base::Bytes> taken;
  for (int i = 0; i < 100; ++i) {
    taken.push_back(from_anna("genuine"));
    ASSERT_EQ(opened_by_bert(taken.back()), "genuine");
  }
  for (int i = 0; i < 100'000; ++i) {
    base::Bytes datagram = taken[rng.below(taken.size())];
    if (rng.chance(300'000)) {  // garbage; the rest are replays, bent or not
      datagram.resize(rng.below(200));
      for (std::byte& b : datagram) b = static_cast<std::byte>(rng.next());
      if (!datagram.empty()) datagram[0] = static_cast<std::byte>(0x10 + rng.below(2));
    } else if (rng.chance(500'000)) {
      const std::uint64_t bit = rng.below(datagram.size() * 8);
      datagram[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
    }
    now_ = now_ + std::chrono::milliseconds(1);
    ASSERT_FALSE(bert_.open(endpoint_, datagram, now_)) << i;
  }
  EXPECT_EQ(bert_.opened(), 100U);
  EXPECT_EQ(bert_.keys_kept(), 1U);
  now_ = now_ + std::chrono::seconds(2);
  EXPECT_EQ(opened_by_bert(from_anna("still works")), "still works");
}

}  // namespace
}  // namespace kernel
