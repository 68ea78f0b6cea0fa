// Every invariant that needs more than a look at one vote is shown a history that breaks it.
#include "consensus/statements.h"
#include "consensus/tally.h"
#include "crypto/stand_in.h"
#include "sim/agreement/independent_verifier.h"
#include "sim/agreement/oracle.h"
#include "sim/agreement/pace.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sim::agreement {
namespace {

using consensus::Certificate;
using consensus::Vote;
using consensus::VoteKind;
using std::chrono::milliseconds;
using std::chrono::seconds;

base::Digest block_number(int number) {
  base::Digest block;
  block.bytes[0] = static_cast<std::byte>(number);
  return block;
}

class OracleTest : public testing::Test {
 protected:
  OracleTest() : epoch_(consensus::EpochDescriptor::first({}, committee(), {})) {
    oracle_.on_started(0, 0, 0);
  }

  static consensus::Committee committee() {
    std::vector<consensus::Validator> members(4);
    for (std::size_t i = 0; i < members.size(); ++i) {
      members[i].node.bytes[0] = static_cast<std::byte>(i + 1);
      members[i].vote_key.bytes[1] = static_cast<std::byte>(i + 1);
    }
    return *consensus::Committee::of(std::move(members));
  }
  Vote vote(consensus::SignerIndex signer, VoteKind kind, consensus::View view,
            const base::Digest& block) const {
    return {.kind = kind,
            .epoch = 0,
            .view = view,
            .block = block,
            .signer = signer,
            .signature = crypto::sign_as_stand_in(
                epoch_.committee().member(signer).vote_key,
                consensus::vote_statement(kind, epoch_.id(), view, block))};
  }
  Certificate certificate(VoteKind kind, consensus::View view, const base::Digest& block) const {
    consensus::Tally tally;
    for (consensus::SignerIndex i = 0; i < 3; ++i) {
      tally.add(crypto::Verified<Vote>::own(vote(i, kind, view, block)), 4);
    }
    return *tally.certificate(block, epoch_);
  }
  // The name of the last violation, and forgets nothing.
  std::string found() const {
    return oracle_.violations().empty() ? "" : oracle_.violations().back().checker;
  }
  void hear(const Vote& heard) {
    oracle_.on_heard(0, heard, epoch_);
    oracle_.check_evidence(0);
  }

  consensus::Epoch epoch_;
  Oracle oracle_{false};
};

TEST_F(OracleTest, I5SeesAVoteAtOrBelowTheFloorOrOfAnotherEpoch) {
  oracle_.on_cast(0, vote(0, VoteKind::notarize, 3, block_number(1)), epoch_);
  oracle_.on_body(0, block_number(1));
  oracle_.on_certificate(0, certificate(VoteKind::finalize, 3, block_number(1)), epoch_);
  oracle_.on_cast(0, vote(0, VoteKind::nullify, 4, {}), epoch_);
  EXPECT_EQ(found(), "");
  oracle_.on_cast(0, vote(0, VoteKind::nullify, 3, {}), epoch_);
  EXPECT_EQ(found(), "I5 floor");
  Oracle another(false);
  another.on_started(0, 1, 0);
  another.on_cast(0, vote(0, VoteKind::nullify, 9, {}), epoch_);
  EXPECT_EQ(another.violations().size(), 1U);
}

TEST_F(OracleTest, I9SeesABufferBeyondItsBound) {
  oracle_.check_fill(0, "ops", 64, 64);
  EXPECT_EQ(found(), "");
  oracle_.check_fill(0, "ops", 65, 64);
  EXPECT_EQ(found(), "I9 bounds");
}

TEST_F(OracleTest, I20SeesALieThatNobodyHasEvidenceOf) {
  hear(vote(1, VoteKind::notarize, 2, block_number(1)));
  hear(vote(1, VoteKind::finalize, 2, block_number(2)));  // legal
  hear(vote(1, VoteKind::nullify, 3, {}));
  EXPECT_EQ(found(), "");
  hear(vote(1, VoteKind::notarize, 2, block_number(2)));
  EXPECT_EQ(found(), "I20 completeness");
  hear(vote(1, VoteKind::nullify, 2, {}));
  EXPECT_EQ(oracle_.violations().size(), 2U);
}

TEST_F(OracleTest, I20TakesEvidenceThatProvesTheLieAndNoOther) {
  const Vote first = vote(1, VoteKind::finalize, 2, block_number(1));
  const Vote second = vote(1, VoteKind::nullify, 2, {});
  oracle_.on_evidence(0, {.first = first, .second = second}, epoch_, false);
  hear(first);
  hear(second);
  EXPECT_EQ(found(), "");
  oracle_.on_evidence(0, {.first = first, .second = first}, epoch_, false);
  EXPECT_EQ(found(), "I20 completeness");
}

TEST_F(OracleTest, I24SeesAReplayThatForgetsWhatLeft) {
  const Vote own = vote(0, VoteKind::notarize, 7, block_number(1));
  oracle_.check_replayed(0, {own}, {own}, 0, 3);
  oracle_.check_replayed(0, {own}, {}, 0, 7);  // at or below the floor nothing is signed
  oracle_.check_replayed(0, {own}, {}, 1, 0);
  EXPECT_EQ(found(), "");
  oracle_.check_replayed(0, {own}, {vote(0, VoteKind::notarize, 7, block_number(2))}, 0, 3);
  EXPECT_EQ(found(), "I24 replay");
}

TEST_F(OracleTest, I21RefusesAProofWithAnyPartChanged) {
  std::vector<base::Bytes> ops;
  for (const char* text : {"one", "two", "three", "four", "five"}) {
    ops.push_back(base::to_bytes(text));
  }
  consensus::BlockHeader header;
  header.epoch_id = epoch_.id();
  header.view = 4;
  header.height = 2;
  const consensus::BlockPtr block = consensus::make_block(header, ops);
  header.view = 6;
  header.height = 3;
  header.parent_hash = block->hash();
  const consensus::BlockPtr above = consensus::make_block(header, {});
  const std::vector<consensus::Decision> decisions{
      {.block = block, .finalization = {}, .tail = {}},
      {.block = above,
       .finalization = certificate(VoteKind::finalize, 6, above->hash()),
       .tail = {}}};
  for (std::uint32_t index = 0; index < ops.size(); ++index) {
    const auto proof = consensus::prove(decisions, index);
    ASSERT_TRUE(proof.has_value());
    EXPECT_EQ(fault_of(*proof, epoch_.descriptor()), std::nullopt) << index;
    const auto refuses = [&](auto change) {
      consensus::DecisionProof other = *proof;
      change(other);
      return fault_of(other, epoch_.descriptor()).has_value();
    };
    EXPECT_TRUE(refuses([](auto& other) { other.op[0] ^= std::byte{1}; }));
    EXPECT_TRUE(refuses([](auto& other) { other.index += 1; }));
    EXPECT_TRUE(refuses([](auto& other) { other.path.pop_back(); }));
    EXPECT_TRUE(refuses([](auto& other) { other.header.timestamp_ms += 1; }));
    EXPECT_TRUE(refuses([](auto& other) { other.header.flags = 2; }));
    EXPECT_TRUE(refuses([](auto& other) { other.above.clear(); }));
    EXPECT_TRUE(refuses([](auto& other) { other.finalization.kind = VoteKind::notarize; }));
    EXPECT_TRUE(refuses([](auto& other) { other.finalization.signers = 0x8000'0000'0000'0003U; }));
    EXPECT_TRUE(refuses([](auto& other) { other.finalization.signatures[1] = {}; }));
    EXPECT_TRUE(refuses([](auto& other) {
      other.finalization.signers = 3;
      other.finalization.signatures.pop_back();
    }));
  }
  consensus::EpochDescriptor later = epoch_.descriptor();
  later.number = 1;
  EXPECT_TRUE(fault_of(*consensus::prove(decisions, 0), later).has_value());
}

class PaceTest : public OracleTest {
 protected:
  consensus::BlockHeader header_in(consensus::View view, std::uint64_t wall_ms = 9'000) const {
    consensus::BlockHeader header;
    header.timestamp_ms = wall_ms;
    header.epoch_id = epoch_.id();
    header.view = view;
    return header;
  }
  Pace pace_{oracle_, false};
};

TEST_F(PaceTest, L3SeesTooManyViewsForOneDecisionOnceTimersHaveSettled) {
  pace_.on_decided(header_in(1), 1);
  pace_.on_decided(header_in(9), 1);
  pace_.set_steady(true, 5'000);
  pace_.on_decided(header_in(10, 4'000), 1);
  pace_.on_decided(header_in(20), 1);
  pace_.on_decided(header_in(22), 1);
  EXPECT_EQ(found(), "");
  pace_.on_decided(header_in(25), 1);
  EXPECT_EQ(found(), "L3 views per decision");
}

TEST_F(PaceTest, L4SeesAVoteInAMeshThatHasNothingToDo) {
  pace_.on_started(0, seconds(9));
  pace_.set_idle(true, seconds(10));
  pace_.on_sent(0, vote(0, VoteKind::finalize, 1, block_number(1)), 4, seconds(10));
  pace_.on_sent(0, consensus::Status{}, 4, seconds(11));
  EXPECT_EQ(found(), "");
  pace_.on_sent(0, vote(0, VoteKind::finalize, 1, block_number(1)), 4, seconds(11));
  EXPECT_EQ(found(), "L4 quiet");
}

TEST_F(PaceTest, L4AllowsASignOfLife) {
  pace_.on_started(0, seconds(9));
  pace_.set_idle(true, seconds(10));
  pace_.on_sent(0, vote(0, VoteKind::notarize, 1, block_number(1)), 4, seconds(40));
  pace_.on_finalized(0, seconds(40));
  pace_.on_sent(0, vote(0, VoteKind::finalize, 1, block_number(1)), 4,
                seconds(40) + milliseconds(50));
  EXPECT_EQ(found(), "");
}

TEST_F(PaceTest, L5SeesWhoStaysBehind) {
  pace_.set_steady(true, 0);
  for (int second = 0; second < 8; ++second) {
    pace_.on_heights({{0, 5}, {1, 3}}, 0, seconds(second));
  }
  EXPECT_EQ(found(), "L5 catching up");
}

TEST_F(PaceTest, L5AllowsTheTimeThatItTakes) {
  pace_.set_steady(true, 0);
  for (int second = 0; second < 20; ++second) {
    const auto head = static_cast<consensus::Height>(second);
    pace_.on_heights({{0, head + 5}, {1, head}}, 0, seconds(second));
  }
  EXPECT_EQ(found(), "");
}

TEST_F(PaceTest, L7SeesAFloodWhileNothingBecomesFinal) {
  const consensus::Message body = consensus::Blocks{
      .blocks = {consensus::make_block({}, {base::Bytes(Pace::bytes_per_member)})}};
  for (int i = 0; i < 6; ++i) pace_.on_sent(0, body, 4, seconds(3) + milliseconds(i));
  EXPECT_EQ(found(), "");
  for (int i = 0; i < 7; ++i) pace_.on_sent(0, body, 4, seconds(4) + milliseconds(i));
  EXPECT_EQ(found(), "L7 egress");
  Oracle another(false);
  Pace calm(another, false);
  calm.on_finalized(0, seconds(3));
  for (int i = 0; i < 9; ++i) calm.on_sent(0, body, 4, seconds(3) + milliseconds(i));
  EXPECT_TRUE(another.violations().empty());
}

}  // namespace
}  // namespace sim::agreement
