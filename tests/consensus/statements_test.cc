#include "consensus/statements.h"

#include "tests/consensus/mesh_of_replicas.h"

#include <gtest/gtest.h>

namespace consensus {
namespace {

base::Digest digest_of(std::uint8_t value) {
  base::Digest digest;
  digest.bytes.fill(static_cast<std::byte>(value));
  return digest;
}

TEST(StatementsTest, LaysOutAVoteIn96Bytes) {
  const auto statement =
      vote_statement(VoteKind::finalize, digest_of(0xaa), 0x0102, digest_of(0xbb));
  const base::ByteView bytes = statement.bytes();
  ASSERT_EQ(bytes.size(), 96U);
  EXPECT_EQ(base::as_text(bytes.first(12)), "mesh.vote.v1");
  EXPECT_EQ(base::to_hex(bytes.subspan(12, 4)), "00000000");
  EXPECT_EQ(base::to_hex(bytes.subspan(16, 8)), "0200000000000000");
  EXPECT_EQ(base::to_hex(bytes.subspan(24, 32)), digest_of(0xaa).hex());
  EXPECT_EQ(base::to_hex(bytes.subspan(56, 8)), "0201000000000000");
  EXPECT_EQ(base::to_hex(bytes.subspan(64, 32)), digest_of(0xbb).hex());
}

TEST(StatementsTest, LaysOutAReadyAttestationIn120Bytes) {
  const NextEpoch next{.committee = *Committee::of(test_validators(4)), .parameters = {}};
  EXPECT_EQ(ready_statement(digest_of(1), next, 9).bytes().size(), 120U);
}

BlockHeader some_header() {
  BlockHeader header;
  header.flags = BlockHeader::flag_seal;
  header.proposer = 3;
  header.epoch_id = digest_of(1);
  header.view = 0xffff'ffff'ffff'fffe;  // D17
  header.height = 0xffff'ffff'ffff'ffff;
  header.parent_view = 5;
  header.parent_hash = digest_of(2);
  header.timestamp_ms = 77;
  header.ops_count = 8;
  header.ops_bytes = 9;
  header.ops_root = digest_of(3);
  header.state_root = digest_of(4);
  header.next_epoch = digest_of(5);
  return header;
}

TEST(StatementsTest, ReadsBackTheHeaderThatItLaidOut) {
  const auto bytes = header_bytes(some_header());
  static_assert(header_size == 224);
  EXPECT_EQ(parse_header(bytes), some_header());
}

TEST(StatementsTest, LetsEveryByteOfAHeaderCount) {
  const auto bytes = header_bytes(some_header());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto changed = bytes;
    changed[i] ^= std::byte{0x40};
    EXPECT_NE(parse_header(changed).value_or(BlockHeader{}), some_header()) << i;
  }
  EXPECT_FALSE(parse_header(base::ByteView(bytes).first(223)).has_value());
}

TEST(StatementsTest, GivesEveryPartOfADescriptorASayInTheEpochId) {
  base::MeshId mesh;
  const auto first = EpochDescriptor::first(mesh, *Committee::of(test_validators(4)), {});
  std::vector<EpochDescriptor> others(7, first);
  others[0].mesh.bytes[0] = std::byte{1};
  others[1].number = 1;
  others[2].previous = digest_of(1);
  others[3].anchor_hash = digest_of(1);
  others[4].anchor_height = 1;
  others[5].committee = *Committee::of(test_validators(5));
  others[6].parameters.block_ops_max = 1;
  for (const EpochDescriptor& other : others) EXPECT_NE(epoch_id(other), epoch_id(first));
}

TEST(StatementsTest, LetsASealCommitToTheRulesToo) {
  NextEpoch next{.committee = *Committee::of(test_validators(4)), .parameters = {}};
  const base::Digest before = next_epoch_root(next);
  next.parameters.block_bytes_max += 1;
  EXPECT_NE(next_epoch_root(next), before);
}

TEST(EpochTest, GivesEachMemberTheLeadOnceInARow) {
  base::MeshId mesh;
  const Epoch epoch(EpochDescriptor::first(mesh, *Committee::of(test_validators(7)), {}));
  std::set<SignerIndex> leaders;
  for (View view = 1; view <= 7; ++view) leaders.insert(epoch.leader(view));
  EXPECT_EQ(leaders.size(), 7U);
  EXPECT_EQ(epoch.leader(1), epoch.leader(8));
  EXPECT_LT(epoch.leader(0xffff'ffff'ffff'ffff), 7);
}

}  // namespace
}  // namespace consensus
