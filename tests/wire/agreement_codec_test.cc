#include "wire/agreement_codec.h"

#include "base/rng.h"
#include "consensus/statements.h"

#include <gtest/gtest.h>

#include <bit>

namespace wire {
namespace {

using consensus::BlockHeader;
using consensus::Certificate;
using consensus::VoteKind;

// Values of every kind, all different from their defaults.
class AgreementCodecTest : public testing::Test {
 protected:
  template <class Kind, std::size_t Size>
  void fill(base::FixedBytes<Kind, Size>& out) {
    for (std::byte& byte : out.bytes) byte = static_cast<std::byte>(rng.below(255) + 1);
  }
  template <class T>
  T filled() {
    T out;
    fill(out);
    return out;
  }
  consensus::Vote vote(VoteKind kind = VoteKind::notarize) {
    consensus::Vote out{.kind = kind,
                        .epoch = rng.below(99),
                        .view = rng.below(1U << 20U),
                        .block = {},
                        .signer = 63,
                        .signature = filled<crypto::Signature>()};
    if (kind != VoteKind::nullify) fill(out.block);
    return out;
  }
  Certificate certificate(VoteKind kind = VoteKind::finalize) {
    Certificate out{.kind = kind,
                    .epoch = 7,
                    .view = rng.below(1000),
                    .block = {},
                    .signers = rng.next() | 1U,
                    .signatures = {}};
    if (kind != VoteKind::nullify) fill(out.block);
    const auto signers = static_cast<std::size_t>(std::popcount(out.signers));
    for (std::size_t i = 0; i < signers; ++i) out.signatures.push_back(filled<crypto::Signature>());
    return out;
  }
  BlockHeader header() {
    return {.version = 1,
            .flags = BlockHeader::flag_seal,
            .proposer = 3,
            .epoch_id = filled<base::Digest>(),
            .view = 9,
            .height = 8,
            .parent_view = 6,
            .parent_hash = filled<base::Digest>(),
            .timestamp_ms = 1'000'000,
            .ops_count = 0,
            .ops_bytes = 0,
            .ops_root = {},
            .state_root = filled<base::Digest>(),
            .next_epoch = filled<base::Digest>()};
  }
  consensus::BlockPtr block() {
    return consensus::make_block(header(), {base::to_bytes("an op"), base::to_bytes("another")});
  }
  consensus::EpochProof proof() {
    consensus::EpochProof out;
    out.descriptor.mesh = filled<base::MeshId>();
    out.descriptor.number = 4;
    fill(out.descriptor.previous);
    fill(out.descriptor.anchor_hash);
    out.descriptor.anchor_height = 77;
    std::vector<consensus::Validator> members(5);
    for (consensus::Validator& member : members) {
      fill(member.node);
      fill(member.vote_key);
    }
    out.descriptor.committee = *consensus::Committee::of(members);
    out.descriptor.parameters.block_ops_max = 12;
    out.seal = header();
    out.tail = {header(), header()};
    out.finalization = certificate();
    return out;
  }
  consensus::Status status() {
    return {.epoch = 2,
            .epoch_id = filled<base::Digest>(),
            .finalized_view = 3,
            .finalized_height = 4,
            .finalized_hash = filled<base::Digest>(),
            .view = 5,
            .have_notarizations = 6,
            .have_nullifications = 7,
            .entry = certificate(),
            .your_last_votes = {vote(), vote(VoteKind::nullify)},
            .asks = true};
  }
  std::vector<consensus::Message> messages() {
    consensus::Range range{
        .blocks = {block(), block()}, .finalization = certificate(), .tail = {header()}};
    consensus::Proposal proposal{
        .block = block(),
        .justification = {certificate(VoteKind::notarize), certificate(VoteKind::nullify)},
        .leader_signature = filled<crypto::Signature>()};
    return {vote(),
            certificate(),
            std::move(proposal),
            status(),
            consensus::GetBlocks{{filled<base::Digest>(), filled<base::Digest>()}},
            consensus::Blocks{{block()}},
            consensus::GetRange{
                .epoch = 9, .from_height = 1, .blocks_max = 2, .bytes_max = 3, .snapshot_after = 4},
            std::move(range),
            consensus::GetCertificates{.epoch = 1, .views = {4, 5}},
            consensus::Certificates{{certificate()}},
            consensus::GetEpochs{.from_epoch = 6, .epochs_max = 7},
            consensus::EpochProofs{{proof(), proof()}},
            consensus::SnapshotOffer{block(), certificate(), {proof()}, base::to_bytes("digests")},
            consensus::GetPieces{filled<base::Digest>(), {1, 700, 3}, 77},
            consensus::Pieces{filled<base::Digest>(), {{1, 2, 300, base::to_bytes("part")}}},
            consensus::OpGossip{{base::to_bytes("op"), base::to_bytes("another")}},

            consensus::Evidence{vote(), vote()},
            consensus::GetReady{.epoch_id = filled<base::Digest>(),
                                .height = 8,
                                .next = {.committee = proof().descriptor.committee,
                                         .parameters = {.block_ops_max = 5}},
                                .not_after_height = 9},
            consensus::Readiness{.epoch_id = filled<base::Digest>(),
                                 .next = filled<base::Digest>(),
                                 .not_after_height = 9,
                                 .why = consensus::Unready::no,
                                 .signature = filled<crypto::Signature>()},
            consensus::Readiness{.epoch_id = filled<base::Digest>(),
                                 .next = filled<base::Digest>(),
                                 .not_after_height = 9,
                                 .why = consensus::Unready::behind,
                                 .signature = {}}};
  }

  base::Rng rng{5};
};

TEST_F(AgreementCodecTest, MessagesAreReadBackAsTheyWere) {
  for (const consensus::Message& message : messages()) {
    const base::Bytes bytes = encode(message);
    const auto read = decode_agreement(bytes);
    ASSERT_TRUE(read) << message.index();
    EXPECT_EQ(read->index(), message.index());
    EXPECT_EQ(encode(*read), bytes) << message.index();
  }
  const consensus::Vote one = vote();
  EXPECT_EQ(std::get<consensus::Vote>(*decode_agreement(encode(consensus::Message(one)))), one);
  const Certificate several = certificate();
  EXPECT_EQ(std::get<Certificate>(*decode_agreement(encode(consensus::Message(several)))), several);
  const auto ended = proof();
  const auto again = decode_epoch_proof(encode(ended));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->descriptor, ended.descriptor);
  EXPECT_EQ(again->tail, ended.tail);
}

TEST_F(AgreementCodecTest, RecordsAreReadBackAsTheyWere) {
  const std::vector<consensus::Record> records{consensus::EpochStart{proof()},
                                               consensus::BlockBody{block()}, certificate(),
                                               consensus::OwnVote{vote(VoteKind::nullify)}};
  for (const consensus::Record& record : records) {
    const base::Bytes bytes = encode(record);
    const auto read = decode_log_record(bytes);
    ASSERT_TRUE(read) << record.index();
    EXPECT_EQ(encode(*read), bytes);
  }
  const DecisionProof decided{certificate(), {header()}};
  const auto read = decode_decision_proof(encode(decided));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->finalization, decided.finalization);
  EXPECT_EQ(read->tail, decided.tail);
}

TEST_F(AgreementCodecTest, ABlockKeepsItsHash) {
  const consensus::BlockPtr sent = block();
  const auto read = decode_block(encode(*sent));
  ASSERT_TRUE(read);
  EXPECT_EQ((*read)->hash(), sent->hash());
  EXPECT_TRUE((*read)->complete());
}

TEST_F(AgreementCodecTest, RefusesWhatBreaksABound) {
  consensus::Vote bad = vote();
  bad.kind = static_cast<VoteKind>(4);
  EXPECT_FALSE(decode_agreement(encode(consensus::Message(bad))));
  Certificate short_of_one = certificate();
  short_of_one.signatures.pop_back();
  EXPECT_FALSE(decode_agreement(encode(consensus::Message(short_of_one))));
  EXPECT_FALSE(decode_agreement(encode(
      consensus::Message(consensus::OpGossip{{base::Bytes(AgreementLimits::op_bytes + 1)}}))));
  consensus::Readiness unknown{.epoch_id = filled<base::Digest>(),
                               .next = filled<base::Digest>(),
                               .not_after_height = 1,
                               .why = static_cast<consensus::Unready>(6),
                               .signature = {}};
  EXPECT_FALSE(decode_agreement(encode(consensus::Message(unknown))));
  consensus::GetBlocks many;
  many.hashes.resize(AgreementLimits::asked + 1);
  EXPECT_FALSE(decode_agreement(encode(consensus::Message(many))));
}

TEST_F(AgreementCodecTest, SurvivesEveryCutAndManyFlips) {
  for (const consensus::Message& message : messages()) {
    const base::Bytes good = encode(message);
    for (std::size_t length = 0; length < good.size(); ++length) {
      (void)decode_agreement(base::ByteView(good).first(length));
    }
    for (int i = 0; i < 300; ++i) {
      base::Bytes bytes = good;
      bytes[rng.below(bytes.size())] ^= static_cast<std::byte>(1U << rng.below(8));
      (void)decode_agreement(bytes);
    }
  }
}

}  // namespace
}  // namespace wire
