// What a node does of its own when it decides: evidence becomes a decision, once.
#include "node/kernel/agreement.h"

#include "consensus/statements.h"
#include "tests/kernel/lone_validator.h"
#include "wire/agreement_codec.h"
#include "wire/packet_codec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

namespace kernel {
namespace {

using std::chrono::seconds;

class AgreementTest : public testing::Test {
 protected:
  // The validator's own key signs for another block: somebody has a copy of it.
  consensus::Vote vote(consensus::VoteKind kind, std::uint8_t block) {
    const consensus::Epoch& epoch = node_.agreement().replica().epoch();
    consensus::Vote out{.kind = kind,
                        .epoch = epoch.number(),
                        .view = 1'000,
                        .block = {},
                        .signer = 0,
                        .signature = {}};
    out.block.bytes[0] = static_cast<std::byte>(block);
    out.signature =
        some_identity(2).sign(consensus::vote_statement(kind, epoch.id(), out.view, out.block));
    return out;
  }
  void hear(const consensus::Evidence& evidence) {
    node_.feed(
        AgreementReceived{some_identity(9).id(), wire::encode(consensus::Message(evidence))});
  }
  std::size_t accusations() const {
    return static_cast<std::size_t>(
        std::count_if(node_.notices.begin(), node_.notices.end(), [](const std::string& text) {
          return text.find("lied to the committee") != std::string::npos;
        }));
  }

  LoneValidator node_;
};

TEST_F(AgreementTest, TwoVotesThatContradictEachOtherAreDecidedAsEvidenceOnce) {
  using enum consensus::VoteKind;
  const consensus::Evidence evidence{.first = vote(notarize, 1), .second = vote(notarize, 2)};
  hear(evidence);
  node_.pass(seconds(2));
  const auto known = ledger::evidences_of(node_.agreement().state());
  ASSERT_EQ(known.size(), 1U);
  EXPECT_EQ(known.front().report.signer.node, some_identity(1).id());
  EXPECT_EQ(known.front().report.proves(), ledger::Equivocation::notarized_two);
  EXPECT_EQ(accusations(), 1U);
  // It is not proposed again once it is decided.
  const std::uint64_t decided = node_.agreement().decided();
  hear(evidence);
  node_.pass(seconds(20));
  EXPECT_EQ(node_.agreement().decided(), decided);
}

TEST_F(AgreementTest, EvidenceThatProvesNothingChangesNothing) {
  using enum consensus::VoteKind;
  consensus::Evidence forged{.first = vote(notarize, 1), .second = vote(notarize, 2)};
  forged.second.signature.bytes[5] ^= std::byte{1};
  hear(forged);
  hear({.first = vote(notarize, 1), .second = vote(notarize, 1)});
  hear({.first = vote(notarize, 1), .second = vote(finalize, 2)});
  node_.pass(seconds(10));
  EXPECT_TRUE(ledger::evidences_of(node_.agreement().state()).empty());
  EXPECT_EQ(accusations(), 0U);
}

TEST_F(AgreementTest, ABlockIsStoredWithTheIdsOfItsOpsAndWhatTheyChanged) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(node_.decides("k" + std::to_string(i)));
  }
  ASSERT_GE(node_.archive.size(), 3U);
  for (const StoredDecision& stored : node_.archive) {
    const auto block = wire::decode_block(stored.block);
    ASSERT_TRUE(block);
    EXPECT_EQ(stored.ops.size(), (*block)->ops().size()) << stored.height;
    EXPECT_FALSE(stored.events.empty());
  }
}

// Another node, which only says that it is there.
class EvictionTest : public AgreementTest {
 protected:
  EvictionTest() {
    gossip::SignedRecord record;
    record.record.subject = other_.id();
    record.record.version = {.epoch = 1, .sequence = 1};
    record.record.endpoint = at_;
    record.record.readiness = gossip::Readiness::serving;
    record.signature = other_.sign(statement_of(record.record, base::MeshId{}));
    node_.feed(PeerAsked{.question = 1,
                         .from = other_.id(),
                         .at = at_,
                         .body = wire::encode(gossip::Question(gossip::Join{record, {}}))});
    node_.pass(std::chrono::milliseconds(100));
  }
  std::optional<gossip::MemberState> state() const {
    const gossip::Member* member = node_.kernel().membership().find(other_.id());
    return member == nullptr ? std::nullopt : std::optional(member->state);
  }
  bool takes_calls() const {
    return node_.kernel().data_plane().catalogue().find(other_.id()) != nullptr;
  }

  const crypto::Identity other_ = some_identity(9);
  const base::Endpoint at_ = *base::Endpoint::parse("127.0.0.1:7500");
};

TEST_F(EvictionTest, TheEvictedHasLeftAndGetsNoCallsUntilItIsAdmittedAgain) {
  ASSERT_TRUE(node_.decides(ledger::Admit{.node = other_.id(), .roles = {}}));
  EXPECT_EQ(state(), gossip::MemberState::serving);
  EXPECT_TRUE(takes_calls());
  ASSERT_TRUE(node_.decides(ledger::Evict{.node = other_.id(), .reason = "test", .evidence = {}}));
  EXPECT_EQ(state(), gossip::MemberState::left);
  EXPECT_FALSE(takes_calls());
  ASSERT_TRUE(node_.decides(ledger::Admit{.node = other_.id(), .roles = {}}));
  EXPECT_EQ(state(), gossip::MemberState::serving);
  EXPECT_TRUE(takes_calls());
}

}  // namespace
}  // namespace kernel
