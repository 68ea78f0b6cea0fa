// Every invariant that needs more than a look at one vote is shown a history that breaks it.
#include "consensus/statements.h"
#include "consensus/tally.h"
#include "crypto/stand_in.h"
#include "sim/agreement/deadlines.h"
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

TEST_F(OracleTest, I6SeesANodeThatGoesBackwards) {
  const Oracle::Progress from{.epoch = 1, .view = 5, .finalized = 3, .height = 9};
  const auto sees = [&](const Oracle::Progress& to) {
    Oracle oracle(false);
    oracle.check_progress(0, from);
    oracle.check_progress(0, to);
    return !oracle.violations().empty();
  };
  EXPECT_FALSE(sees(from));
  EXPECT_FALSE(sees({.epoch = 1, .view = 6, .finalized = 5, .height = 10}));
  EXPECT_FALSE(sees({.epoch = 2, .view = 1, .finalized = 0, .height = 9}));
  EXPECT_TRUE(sees({.epoch = 0, .view = 9, .finalized = 9, .height = 9}));
  EXPECT_TRUE(sees({.epoch = 1, .view = 4, .finalized = 3, .height = 9}));
  EXPECT_TRUE(sees({.epoch = 1, .view = 5, .finalized = 2, .height = 9}));
  EXPECT_TRUE(sees({.epoch = 2, .view = 1, .finalized = 0, .height = 8}));
}

TEST_F(OracleTest, I6AllowsARestartToGoBackToWhatIsOnTheDiskAndNoFurther) {
  const Oracle::Progress durable{.epoch = 1, .view = 4, .finalized = 2, .height = 8};
  oracle_.check_progress(0, {.epoch = 1, .view = 5, .finalized = 3, .height = 9});
  oracle_.restart(0);
  oracle_.check_started(0, durable, durable);
  oracle_.check_progress(0, durable);
  EXPECT_EQ(found(), "");
  oracle_.check_started(0, durable, {.epoch = 1, .view = 3, .finalized = 2, .height = 8});
  EXPECT_EQ(found(), "I6 monotone");
}

TEST_F(OracleTest, I8SeesARefusalOfTheGuard) {
  const consensus::Alarm refusal{.kind = consensus::Alarm::Kind::guard_refused, .text = "no"};
  oracle_.on_alarm(0, refusal, true);  // of a restored copy
  EXPECT_EQ(found(), "");
  oracle_.on_alarm(0, refusal, false);
  EXPECT_EQ(found(), "I8 guard");
  oracle_.on_alarm(0, {.kind = consensus::Alarm::Kind::stalled, .text = "no"}, false);
  EXPECT_EQ(found(), "alarms");
}

TEST_F(OracleTest, SeesAVoteOfWhoFoundOutThatItsLogLacksVotes) {
  const Vote first = vote(0, VoteKind::nullify, 1, {});
  oracle_.on_released(0, first, epoch_, true, 0);
  oracle_.on_alarm(0, {.kind = consensus::Alarm::Kind::votes_unknown, .text = "no"}, true);
  EXPECT_EQ(found(), "");
  oracle_.restart(0);
  oracle_.on_released(0, first, epoch_, true, 0);
  EXPECT_EQ(found(), "spent key");
}

TEST_F(OracleTest, I9SeesABufferBeyondItsBound) {
  oracle_.check_fill(0, "ops", 64, 64);
  EXPECT_EQ(found(), "");
  oracle_.check_fill(0, "ops", 65, 64);
  EXPECT_EQ(found(), "I9 bounds");
}

TEST_F(OracleTest, I17SeesEveryCertificateThatDoesNotHold) {
  const Certificate good = certificate(VoteKind::nullify, 2, {});
  oracle_.on_certificate(0, good, epoch_);
  oracle_.on_certificate(1, good, epoch_);
  EXPECT_EQ(found(), "");
  const auto refuses = [&](auto change) {
    const std::size_t before = oracle_.violations().size();
    Certificate bad = good;
    change(bad);
    oracle_.on_certificate(0, bad, epoch_);
    return oracle_.violations().size() == before + 1 && found() == "I17 certificates";
  };
  // Although a good one says the same.
  EXPECT_TRUE(refuses([](Certificate& bad) { bad.signatures[2] = {}; }));
  EXPECT_TRUE(refuses([](Certificate& bad) {
    bad.signers = 3;
    bad.signatures.pop_back();
  }));
  EXPECT_TRUE(refuses([](Certificate& bad) { bad.signers = 0x8000'0000'0000'0003U; }));
  EXPECT_TRUE(refuses([](Certificate& bad) { bad.view = 3; }));
  EXPECT_TRUE(refuses([](Certificate& bad) { bad.epoch = 1; }));
}

TEST_F(OracleTest, I18SeesTwoBeginningsOfOneEpoch) {
  consensus::EpochProof proof;
  proof.descriptor = epoch_.descriptor();
  proof.descriptor.number = 1;
  oracle_.on_epoch(0, proof);
  oracle_.on_epoch(1, proof);
  EXPECT_EQ(found(), "");
  proof.descriptor.anchor_height = 7;
  oracle_.on_epoch(2, proof);
  EXPECT_EQ(found(), "I18 epochs");
}

TEST_F(OracleTest, I18SeesATailThatIsDecidedAndAVoteOfAnEpochThatIsOver) {
  const Vote late = vote(0, VoteKind::finalize, 4, block_number(1));
  oracle_.on_released(0, late, epoch_, true, 0);
  EXPECT_EQ(found(), "");
  oracle_.on_released(0, late, epoch_, true, 1);
  EXPECT_EQ(found(), "I18 epochs");
  consensus::BlockHeader header;
  header.flags = consensus::BlockHeader::flag_tail;
  consensus::Decided decided;
  decided.decision.block = consensus::make_block(header, {});
  oracle_.on_decided(0, decided, header.state_root);
  EXPECT_EQ(oracle_.violations().size(), 2U);
  EXPECT_EQ(found(), "I18 epochs");
}

TEST_F(OracleTest, I19SeesAnHonestNodeThatIsBlamed) {
  const Vote first = vote(1, VoteKind::finalize, 2, block_number(1));
  const Vote second = vote(1, VoteKind::nullify, 2, {});
  oracle_.on_evidence(0, {.first = first, .second = second}, epoch_, false);
  oracle_.on_misbehaved(0, "a liar", false);
  EXPECT_EQ(found(), "");
  oracle_.on_evidence(0, {.first = first, .second = second}, epoch_, true);
  EXPECT_EQ(found(), "I19 accuracy");
  oracle_.on_misbehaved(0, "somebody honest", true);
  EXPECT_EQ(oracle_.violations().size(), 2U);
  EXPECT_EQ(found(), "I19 accuracy");
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

TEST_F(OracleTest, I22SeesABodyThatTooFewHaveOnTheirDisks) {
  oracle_.on_body(0, block_number(1));
  oracle_.on_bodies_durable(0);
  oracle_.on_body(1, block_number(1));
  oracle_.on_bodies_durable(1);
  oracle_.on_certificate(0, certificate(VoteKind::notarize, 1, block_number(1)), epoch_);
  EXPECT_EQ(found(), "");
  oracle_.on_body(0, block_number(2));
  oracle_.on_bodies_durable(0);
  oracle_.on_body(1, block_number(2));
  oracle_.on_power_lost(1);
  oracle_.on_bodies_durable(1);
  oracle_.on_body(2, block_number(2));  // written, and no more
  oracle_.on_certificate(0, certificate(VoteKind::notarize, 2, block_number(2)), epoch_);
  EXPECT_EQ(found(), "I22 availability");
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

class DeadlinesTest : public OracleTest {
 protected:
  static constexpr milliseconds longest{9'000};
  void propose(consensus::View view, std::uint16_t flags = 0) {
    consensus::BlockHeader header;
    header.view = view;
    header.flags = flags;
    deadlines_.on_proposed(header, block_number(static_cast<int>(view)), {0, 1}, seconds(1));
  }
  Deadlines deadlines_{oracle_};
};

TEST_F(DeadlinesTest, TheBoundGrowsWithFaultsAndWithTheViewsThatChaosLeft) {
  // Three views of 250 ms, four times, backed off twice; six delays each, and four times T_rtx.
  EXPECT_EQ(Deadlines::bound({.faults = 1, .unfinalized = 1, .delay = milliseconds(250)}),
            3 * (milliseconds(2'250) + milliseconds(120)) + 4 * milliseconds(500));
  EXPECT_EQ(Deadlines::bound({.faults = 3, .unfinalized = 50, .delay = seconds(1)}),
            5 * (seconds(10) + seconds(2) + milliseconds(120)) + 4 * seconds(2));
}

TEST_F(DeadlinesTest, L1SeesAnOpThatIsNotDecidedInTime) {
  deadlines_.check_op(seconds(30), longest, seconds(39));
  EXPECT_EQ(found(), "");
  deadlines_.check_op(seconds(30), longest, seconds(39) + milliseconds(1));
  EXPECT_EQ(found(), "L1 liveness");
}

TEST_F(DeadlinesTest, L2SeesThatNothingBecomesFinalAlthoughSomethingWaits) {
  Oracle::Progress standing{.epoch = 0, .view = 3, .finalized = 1, .height = 1};
  for (int second = 0; second <= 9; ++second) {
    deadlines_.check_progress(0, standing, true, longest, seconds(second));
  }
  standing.finalized = 2;
  deadlines_.check_progress(0, standing, true, longest, seconds(10));
  for (int second = 11; second < 40; ++second) {
    deadlines_.check_progress(0, standing, false, longest, seconds(second));
  }
  deadlines_.check_progress(0, standing, true, longest, seconds(45));
  EXPECT_EQ(found(), "");
  deadlines_.check_progress(0, standing, true, longest, seconds(49));
  EXPECT_EQ(found(), "L2 progress");
}

TEST_F(DeadlinesTest, L8SeesADecisionThatTakesLongerThanThreeDelays) {
  propose(4);
  for (const Oracle::NodeNumber node : {0U, 1U}) {
    deadlines_.on_view(node, 5, seconds(1) + milliseconds(40));
    deadlines_.on_decided(node, block_number(4), seconds(1) + milliseconds(60));
  }
  EXPECT_EQ(deadlines_.prompt(), 1U);
  propose(5);
  deadlines_.on_decided(0, block_number(5), seconds(1) + milliseconds(60));
  EXPECT_EQ(found(), "");
  deadlines_.on_decided(1, block_number(5), seconds(1) + milliseconds(66));
  EXPECT_EQ(found(), "L8 good case");
}

TEST_F(DeadlinesTest, L8SeesAViewThatTakesLongerThanTwoDelays) {
  propose(4);
  deadlines_.on_view(0, 4, seconds(1) + milliseconds(50));
  deadlines_.on_view(0, 5, seconds(1) + milliseconds(45));
  EXPECT_EQ(found(), "");
  deadlines_.on_view(1, 5, seconds(1) + milliseconds(46));
  EXPECT_EQ(found(), "L8 good case");
}

TEST_F(DeadlinesTest, L8SeesABlockThatIsNeverDecided) {
  propose(4);
  propose(5, consensus::BlockHeader::flag_tail);  // never will be
  deadlines_.on_decided(0, block_number(4), seconds(1));
  deadlines_.check_proposed(seconds(1) + milliseconds(65));
  EXPECT_EQ(found(), "");
  deadlines_.check_proposed(seconds(2));
  EXPECT_EQ(found(), "L8 good case");
  EXPECT_EQ(oracle_.violations().size(), 1U);
}

TEST_F(DeadlinesTest, L8DoesNotHoldForWhoIsNoMember) {
  propose(4);
  deadlines_.on_decided(0, block_number(4), seconds(1));
  deadlines_.on_decided(7, block_number(4), seconds(2));
  EXPECT_TRUE(deadlines_.watches(block_number(4)));
  deadlines_.on_decided(1, block_number(4), seconds(1));
  EXPECT_FALSE(deadlines_.watches(block_number(4)));
  EXPECT_EQ(found(), "");
}

TEST_F(DeadlinesTest, L8EndsWithTheEpoch) {
  propose(4);
  deadlines_.on_epoch();
  deadlines_.check_proposed(seconds(2));
  EXPECT_EQ(found(), "");
}

}  // namespace
}  // namespace sim::agreement
