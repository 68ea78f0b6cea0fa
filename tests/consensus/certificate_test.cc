#include "consensus/certificate.h"

#include "consensus/statements.h"
#include "consensus/tally.h"
#include "crypto/identity.h"
#include "tests/consensus/mesh_of_replicas.h"

#include <gtest/gtest.h>

namespace consensus {
namespace {

class CertificateTest : public testing::Test {
 protected:
  static Epoch epoch_of(std::size_t members) {
    base::MeshId mesh;
    return Epoch(EpochDescriptor::first(mesh, *Committee::of(test_validators(members)), {}));
  }
  static Certificate signed_by(const Epoch& epoch, std::size_t first, std::size_t count,
                               VoteKind kind = VoteKind::notarize) {
    Certificate certificate{
        .kind = kind, .epoch = 0, .view = 3, .block = {}, .signers = 0, .signatures = {}};
    if (kind != VoteKind::nullify) certificate.block.bytes[0] = std::byte{9};
    for (std::size_t i = first; i < first + count; ++i) {
      const auto signer = static_cast<SignerIndex>(i);
      certificate.signers |= std::uint64_t{1} << signer;
      certificate.signatures.push_back(
          crypto::sign_as_stand_in(epoch.committee().member(signer).vote_key,
                                   vote_statement(kind, epoch.id(), 3, certificate.block)));
    }
    return certificate;
  }
  static bool holds(const Certificate& certificate, const Epoch& epoch) {
    if (!well_formed(certificate, epoch)) return false;
    std::vector<crypto::SignatureCheck> checks;
    append_checks(certificate, epoch, checks);
    return std::all_of(checks.begin(), checks.end(),
                       [](const auto& check) { return crypto::check_stand_in(check).holds(); });
  }
};

TEST_F(CertificateTest, HoldsWithAQuorumAndNotBelow) {
  const Epoch epoch = epoch_of(4);
  EXPECT_TRUE(holds(signed_by(epoch, 0, 3), epoch));
  EXPECT_TRUE(holds(signed_by(epoch, 0, 4), epoch));
  EXPECT_FALSE(holds(signed_by(epoch, 0, 2), epoch));
  EXPECT_TRUE(holds(signed_by(epoch, 1, 3, VoteKind::nullify), epoch));
}

TEST_F(CertificateTest, ChecksEverySignatureEvenBeyondTheQuorum) {
  const Epoch epoch = epoch_of(4);
  Certificate certificate = signed_by(epoch, 0, 4);
  certificate.signatures.back().bytes[0] ^= std::byte{1};
  EXPECT_TRUE(well_formed(certificate, epoch));
  EXPECT_FALSE(holds(certificate, epoch));
}

TEST_F(CertificateTest, RefusesBitsOfNobodyAndOtherShapes) {
  const Epoch epoch = epoch_of(4);
  const Certificate good = signed_by(epoch, 0, 3);
  std::vector<Certificate> bad(7, good);
  bad[0].signers |= std::uint64_t{1} << 63U;
  bad[1].signers |= 8;  // one more than signatures
  bad[2].signatures.push_back({});
  bad[3].view = 0;
  bad[4].epoch = 1;
  bad[5].block = {};
  bad[6].kind = static_cast<VoteKind>(4);
  for (const Certificate& certificate : bad) EXPECT_FALSE(well_formed(certificate, epoch));
  EXPECT_TRUE(well_formed(good, epoch));
}

// D17: the last bit of the word.
TEST_F(CertificateTest, KnowsTheSixtyFourthMember) {
  const Epoch epoch = epoch_of(64);
  EXPECT_TRUE(holds(signed_by(epoch, 64 - 43, 43), epoch));
  EXPECT_FALSE(holds(signed_by(epoch, 64 - 42, 42), epoch));
}

TEST_F(CertificateTest, IsMadeOfTheVotesForOneBlockOnly) {
  const Epoch epoch = epoch_of(4);
  const Certificate certificate = signed_by(epoch, 0, 3);
  std::vector<Vote> votes = votes_of(certificate);
  Tally tally;
  votes[2].block.bytes[0] = std::byte{1};
  for (const Vote& vote : votes) EXPECT_TRUE(tally.add(crypto::Verified<Vote>::own(vote), 4));
  EXPECT_FALSE(tally.certificate(certificate.block, epoch).has_value());
  EXPECT_FALSE(tally.add(crypto::Verified<Vote>::own(votes[0]), 4));
  EXPECT_EQ(tally.count(certificate.block), 2U);
}

// The real thing: what the guard signs with Ed25519, crypto::check() takes.
TEST_F(CertificateTest, TakesEd25519AsTheGuardSignsIt) {
  std::vector<Validator> members;
  std::vector<crypto::Identity> keys;
  for (std::uint8_t i = 0; i < 4; ++i) {
    crypto::Seed seed;
    seed.bytes.fill(static_cast<std::byte>(i + 1));
    keys.push_back(crypto::Identity::from_seed(seed));
    seed.bytes.fill(static_cast<std::byte>(i + 100));
    members.push_back({.node = crypto::Identity::from_seed(seed).id(), .vote_key = keys[i].id()});
  }
  base::MeshId mesh;
  const Epoch epoch(EpochDescriptor::first(mesh, *Committee::of(members), {}));
  Options options;
  Tally tally;
  base::Digest block;
  block.bytes[0] = std::byte{1};
  for (std::size_t i = 0; i < 3; ++i) {
    VoteGuard guard(std::make_unique<Ed25519VotingKey>(keys[i]), options);
    ASSERT_TRUE(guard.start_epoch(epoch));
    const auto vote = guard.sign(VoteKind::notarize, epoch, 1, block);
    ASSERT_TRUE(vote.has_value());
    tally.add(crypto::Verified<Vote>::own(*vote), 4);
  }
  const auto certificate = tally.certificate(block, epoch);
  ASSERT_TRUE(certificate.has_value());
  std::vector<crypto::SignatureCheck> checks;
  append_checks(*certificate, epoch, checks);
  for (const auto& check : checks) {
    EXPECT_TRUE(crypto::check(check).holds());
    EXPECT_FALSE(crypto::check_stand_in(check).holds());
  }
}

}  // namespace
}  // namespace consensus
