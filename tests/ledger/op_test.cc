#include "ledger/op.h"

#include "crypto/digest.h"
#include "crypto/verified.h"
#include "tests/ledger/ledger_samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace ledger {
namespace {

using samples::identity;
using samples::mesh;

Op signed_op(Payload payload) {
  return Op::sign(identity(1), mesh(), 5, 1'000, std::move(payload));
}
bool holds(const Op& op) {
  std::vector<crypto::SignatureCheck> checks;
  op.append_checks(samples::Statements(), checks);
  return std::all_of(checks.begin(), checks.end(), [](const crypto::SignatureCheck& check) {
    return crypto::check(check).holds();
  });
}

TEST(OpTest, OfEveryKindReadsAsItWasSigned) {
  std::set<OpKind> kinds;
  for (const Payload& payload : samples::payloads()) {
    const Op op = signed_op(payload);
    SCOPED_TRACE(name_of(op.kind()));
    const auto read = Op::parse(op.bytes(), mesh());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->payload(), payload);
    EXPECT_EQ(read->id(), op.id());
    EXPECT_EQ(read->author(), identity(1).id());
    EXPECT_EQ(read->sequence(), 5U);
    EXPECT_EQ(read->not_after_ms(), 1'000U);
    EXPECT_EQ(read->bytes(), op.bytes());
    EXPECT_TRUE(holds(*read));
    EXPECT_EQ(op_kind(static_cast<std::uint16_t>(op.kind())), op.kind());
    EXPECT_NE(name_of(op.kind()), "unknown");
    kinds.insert(op.kind());
  }
  EXPECT_EQ(kinds.size(), std::variant_size_v<Payload>);
}

TEST(OpTest, HasTheLayoutOfTheSpecification) {
  const Op op = signed_op(samples::put("k", "v"));
  const base::ByteView bytes = op.bytes();
  EXPECT_EQ(base::as_text(bytes.first(10)), "mesh.op.v1");
  EXPECT_EQ(base::to_hex(bytes.subspan(10, 6)), "000000000000");
  EXPECT_EQ(base::to_hex(bytes.subspan(16, 32)), mesh().hex());
  EXPECT_EQ(base::to_hex(bytes.subspan(48, 32)), identity(1).id().hex());
  EXPECT_EQ(base::to_hex(bytes.subspan(80, 24)),
            "0500000000000000"
            "e803000000000000"
            "01040000"
            "10000000");
  EXPECT_EQ(base::to_hex(bytes.subspan(200)),
            "01006b"
            "ffffffffffffffff"
            "01000000"
            "76");
  EXPECT_EQ(base::to_hex(bytes.subspan(104, 32)), crypto::digest(bytes.subspan(200)).hex());
  EXPECT_EQ(op.id(), crypto::digest(bytes.first(136)));
}

TEST(OpTest, OfAnotherMeshIsRefused) {
  const Op op = signed_op(Leave{});
  base::MeshId other = mesh();
  other.bytes[31] ^= std::byte{1};
  EXPECT_EQ(Op::parse(op.bytes(), other).error(), OpError::other_mesh);
}

TEST(OpTest, IsRefusedWhateverByteIsChanged) {
  for (const Payload& payload : samples::payloads()) {
    const Op op = signed_op(payload);
    for (std::size_t i = 0; i < op.bytes().size(); ++i) {
      base::Bytes wrong = op.bytes();
      wrong[i] ^= std::byte{0x40};
      const auto read = Op::parse(wrong, mesh());
      if (read) {
        EXPECT_FALSE(holds(*read)) << name_of(op.kind()) << " at " << i;
      }
    }
  }
}

TEST(OpTest, HasNoOtherFlagThanTogether) {
  base::Bytes flagged = signed_op(Leave{}).bytes();
  flagged[98] = std::byte{1};
  EXPECT_EQ(Op::parse(flagged, mesh()).error(), OpError::place);
  flagged[98] = std::byte{2};
  EXPECT_EQ(Op::parse(flagged, mesh()).error(), OpError::unknown_kind);
}

TEST(OpTest, IsRefusedWhenCutOrLengthened) {
  const Op op = signed_op(samples::put("k", "v"));
  for (std::size_t size = 0; size < op.bytes().size(); ++size) {
    EXPECT_EQ(Op::parse(base::ByteView(op.bytes()).first(size), mesh()).error(), OpError::size);
  }
  base::Bytes longer = op.bytes();
  longer.push_back(std::byte{0});
  EXPECT_EQ(Op::parse(longer, mesh()).error(), OpError::size);
  longer.resize(op_bytes_max + 1);
  EXPECT_EQ(Op::parse(longer, mesh()).error(), OpError::size);
}

TEST(OpTest, MayBeAsLongAsItsBound) {
  PutDocument payload = samples::put("k", "");
  payload.value.resize(op_bytes_max - op_head_size - 15);
  const Op op = signed_op(payload);
  EXPECT_EQ(op.bytes().size(), op_bytes_max);
  EXPECT_TRUE(Op::parse(op.bytes(), mesh()));
}

// As a signer with code of his own could: what he signed is no encoding of ours.
base::Result<Op, OpError> parse_raw(OpKind kind, const base::Bytes& payload) {
  const crypto::Statement statement =
      op_statement(mesh(), identity(1).id(), 5, 1'000, kind, 0, payload);
  const crypto::Signature signature = identity(1).sign(statement);
  return Op::parse(Writer().fixed(statement.bytes()).fixed(signature.view()).fixed(payload).take(),
                   mesh());
}

TEST(OpTest, HasOneEncoding) {
  base::Bytes trailing = encode(RemoveRole{.name = "clerk"});
  trailing.push_back(std::byte{0});
  EXPECT_EQ(parse_raw(OpKind::remove_role, trailing).error(), OpError::payload);

  Writer unordered;
  unordered.fixed(samples::node(1).view()).count(2).text("b").text("a");
  EXPECT_EQ(parse_raw(OpKind::assign_roles, unordered.take()).error(), OpError::payload);

  Writer twice;
  twice.fixed(samples::node(1).view()).count(2).text("a").text("a");
  EXPECT_EQ(parse_raw(OpKind::assign_roles, twice.take()).error(), OpError::payload);

  Reconfigure twice_ready = samples::reconfigure(samples::digest("epoch"), {1, 2}, 9);
  twice_ready.ready[1].seat = 0;
  EXPECT_EQ(parse_raw(OpKind::reconfigure, encode(twice_ready)).error(), OpError::payload);

  EXPECT_EQ(parse_raw(static_cast<OpKind>(0x0999), {}).error(), OpError::unknown_kind);
  EXPECT_TRUE(parse_raw(OpKind::leave, {}));
}

TEST(OpTest, CannotBringAboutWhatMembersDoInTheirOwnName) {
  OpenBallot ballot = samples::ballot("?", samples::role("voter"), 1, 9, Leave{});
  EXPECT_EQ(parse_raw(OpKind::open_ballot, encode(ballot)).error(), OpError::payload);
  ballot.effect = Effect{.kind = OpKind::open_ballot, .payload = encode(ballot)};
  EXPECT_EQ(parse_raw(OpKind::open_ballot, encode(ballot)).error(), OpError::payload);
  ballot.effect = Effect{.kind = OpKind::forget, .payload = {}};
  EXPECT_EQ(parse_raw(OpKind::open_ballot, encode(ballot)).error(), OpError::payload);
}

TEST(OpTest, ChecksSignaturesInsideWhatABallotWouldBringAbout) {
  Reconfigure next = samples::reconfigure(samples::digest("epoch"), {1, 2}, 9);
  EXPECT_TRUE(holds(signed_op(samples::ballot("?", samples::role("voter"), 1, 9, next))));
  next.ready[1].signature.bytes[5] ^= std::byte{1};
  EXPECT_FALSE(holds(signed_op(samples::ballot("?", samples::role("voter"), 1, 9, next))));
}

TEST(OpTest, IsNoEvidenceUnlessTheTwoVotesContradictEachOther) {
  const auto proves = [](VoteKind first, VoteKind second, bool same_block) {
    ReportEvidence evidence = samples::evidence(3, 0, 1, samples::digest("epoch"));
    evidence.first.kind = first;
    evidence.second.kind = second;
    if (same_block) evidence.second.block = evidence.first.block;
    if (second == VoteKind::nullify) evidence.second.block = {};
    return evidence.proves();
  };
  using enum VoteKind;
  EXPECT_EQ(proves(notarize, notarize, false), Equivocation::notarized_two);
  EXPECT_EQ(proves(finalize, finalize, false), Equivocation::finalized_two);
  EXPECT_EQ(proves(finalize, nullify, false), Equivocation::finalized_and_nullified);
  EXPECT_EQ(proves(notarize, notarize, true), std::nullopt);
  EXPECT_EQ(proves(finalize, finalize, true), std::nullopt);
  EXPECT_EQ(proves(notarize, nullify, false), std::nullopt);
  EXPECT_EQ(proves(notarize, finalize, false), std::nullopt);
  EXPECT_EQ(proves(nullify, nullify, false), std::nullopt);
  EXPECT_EQ(proves(nullify, finalize, false), std::nullopt);
}

TEST(OpTest, KnowsItsClass) {
  EXPECT_EQ(class_of(OpKind::reconfigure), OpClass::governance);
  EXPECT_EQ(class_of(OpKind::evict), OpClass::membership);
  EXPECT_EQ(class_of(OpKind::set_policy), OpClass::traffic);
  EXPECT_EQ(class_of(OpKind::put_document), OpClass::application);
}

}  // namespace
}  // namespace ledger
