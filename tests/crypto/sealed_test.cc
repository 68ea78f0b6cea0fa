#include "crypto/sealed.h"

#include <gtest/gtest.h>

namespace crypto {
namespace {

Identity identity(unsigned char number) {
  Seed seed;
  seed.bytes[0] = static_cast<std::byte>(number);
  return Identity::from_seed(seed);
}

base::MeshId mesh(unsigned char number) {
  base::MeshId id;
  id.bytes[0] = static_cast<std::byte>(number);
  return id;
}

class SealedTest : public testing::Test {
 protected:
  static PairKeys keys(const Identity& own, const Identity& peer, unsigned char mesh_number = 0) {
    return *PairKeys::derive(own, peer.id(), mesh(mesh_number));
  }
  base::Bytes sealed_by_anna() const {
    base::Bytes out;
    keys(anna_, bert_).seal(nonce_, clear_, plaintext_, out);
    return out;
  }

  Identity anna_ = identity(1);
  Identity bert_ = identity(2);
  Identity carl_ = identity(3);
  SealNonce nonce_{.epoch = 7, .counter = 9};
  base::Bytes clear_ = base::to_bytes("clear");
  base::Bytes plaintext_ = base::to_bytes("hello");
};

TEST_F(SealedTest, PeerOpensWhatWasSealed) {
  const base::Bytes sealed = sealed_by_anna();
  EXPECT_EQ(sealed.size(), plaintext_.size() + seal_tag_size);
  EXPECT_EQ(keys(bert_, anna_).open(nonce_, clear_, sealed), plaintext_);
}

TEST_F(SealedTest, EmptyPlaintextIsSealedToo) {
  base::Bytes out;
  keys(anna_, bert_).seal(nonce_, clear_, {}, out);
  EXPECT_EQ(keys(bert_, anna_).open(nonce_, clear_, out), base::Bytes{});
}

TEST_F(SealedTest, ReflectedToItsSenderNeverOpens) {
  EXPECT_EQ(keys(anna_, bert_).open(nonce_, clear_, sealed_by_anna()), std::nullopt);
}

TEST_F(SealedTest, OpensForNobodyElseAndInNoOtherMesh) {
  EXPECT_EQ(keys(carl_, anna_).open(nonce_, clear_, sealed_by_anna()), std::nullopt);
  EXPECT_EQ(keys(bert_, carl_).open(nonce_, clear_, sealed_by_anna()), std::nullopt);
  EXPECT_EQ(keys(bert_, anna_, 1).open(nonce_, clear_, sealed_by_anna()), std::nullopt);
}

TEST_F(SealedTest, AnyChangedBitOfClearNonceOrSealedIsNoticed) {
  const PairKeys bert = keys(bert_, anna_);
  const base::Bytes sealed = sealed_by_anna();
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    base::Bytes bent = sealed;
    bent[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
    EXPECT_EQ(bert.open(nonce_, clear_, bent), std::nullopt) << bit;
  }
  EXPECT_EQ(bert.open(nonce_, base::to_bytes("Clear"), sealed), std::nullopt);
  EXPECT_EQ(bert.open({.epoch = 8, .counter = 9}, clear_, sealed), std::nullopt);
  EXPECT_EQ(bert.open({.epoch = 7, .counter = 10}, clear_, sealed), std::nullopt);
}

TEST_F(SealedTest, TruncatedInputIsRefused) {
  const base::Bytes sealed = sealed_by_anna();
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_EQ(keys(bert_, anna_).open(nonce_, clear_, base::ByteView(sealed).first(size)),
              std::nullopt);
  }
}

TEST_F(SealedTest, IdsThatAreNoUsableKeyAreRefused) {
  base::NodeId zero;  // of order 4
  EXPECT_FALSE(PairKeys::derive(anna_, zero, mesh(0)).has_value());
  base::NodeId one;
  one.bytes[0] = std::byte{1};  // of order 1
  EXPECT_FALSE(PairKeys::derive(anna_, one, mesh(0)).has_value());
  base::NodeId off_curve;
  off_curve.bytes[0] = std::byte{2};
  EXPECT_FALSE(PairKeys::derive(anna_, off_curve, mesh(0)).has_value());
}

}  // namespace
}  // namespace crypto
