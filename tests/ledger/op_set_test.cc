#include "ledger/op_set.h"

#include "crypto/digest.h"
#include "crypto/verified.h"
#include "ledger/op.h"
#include "tests/ledger/ledger_samples.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ledger {
namespace {

using samples::identity;
using samples::mesh;

std::vector<Op> signed_together(std::size_t count) {
  std::vector<Op> ops;
  for (std::size_t i = 0; i < count; ++i) {
    ops.push_back(Op::draft(identity(1).id(), mesh(), 5 + i, 1'000,
                            samples::put("k" + std::to_string(i), "v")));
  }
  Op::sign_together(identity(1), ops);
  return ops;
}

std::vector<crypto::SignatureCheck> checks_of(const Op& op) {
  std::vector<crypto::SignatureCheck> checks;
  op.append_checks(samples::Statements(), checks);
  return checks;
}

TEST(OpSetTest, EveryOpHoldsByTheOneSignatureOfAll) {
  for (const std::size_t count : {1U, 2U, 3U, 5U, 8U, 33U, 256U}) {
    SCOPED_TRACE(count);
    const std::vector<Op> ops = signed_together(count);
    const auto first = checks_of(ops.front());
    ASSERT_EQ(first.size(), 1U);
    EXPECT_TRUE(crypto::check(first.front()).holds());
    for (const Op& op : ops) {
      const auto read = Op::parse(op.bytes(), mesh());
      ASSERT_TRUE(read);
      EXPECT_EQ(read->id(), op.id());
      EXPECT_EQ(read->payload(), op.payload());
      EXPECT_EQ(read->bytes(), op.bytes());
      const auto checks = checks_of(*read);
      ASSERT_EQ(checks.size(), 1U);
      EXPECT_EQ(checks.front().statement, first.front().statement);
      EXPECT_EQ(checks.front().signature, first.front().signature);
    }
  }
}

TEST(OpSetTest, ADraftHasTheIdThatItKeeps) {
  const Op draft = Op::draft(identity(1).id(), mesh(), 5, 1'000, samples::put("k0", "v"));
  EXPECT_EQ(signed_together(3).front().id(), draft.id());
  EXPECT_TRUE(draft.bytes().empty());
}

TEST(OpSetTest, AnOpIsRefusedWhateverByteIsChanged) {
  const Op op = signed_together(5)[2];
  for (std::size_t i = 0; i < op.bytes().size(); ++i) {
    base::Bytes wrong = op.bytes();
    wrong[i] ^= std::byte{0x40};
    const auto read = Op::parse(wrong, mesh());
    if (!read) continue;
    for (const crypto::SignatureCheck& check : checks_of(*read)) {
      EXPECT_FALSE(crypto::check(check).holds()) << "at " << i;
    }
  }
}

TEST(OpSetTest, AnOpIsRefusedWhenCutOrLengthened) {
  const Op op = signed_together(5)[2];
  for (std::size_t size = 0; size < op.bytes().size(); ++size) {
    EXPECT_FALSE(Op::parse(base::ByteView(op.bytes()).first(size), mesh()));
  }
  base::Bytes longer = op.bytes();
  longer.push_back(std::byte{0});
  EXPECT_EQ(Op::parse(longer, mesh()).error(), OpError::place);
}

TEST(OpSetTest, APlaceThatCannotBeLeadsNowhere) {
  const std::vector<base::Digest> ids{crypto::digest({}), crypto::digest(base::to_bytes("a"))};
  std::vector<OpPlace> places = op_places(ids);
  EXPECT_EQ(op_set_root(ids[0], places[0]), op_set_root(ids[1], places[1]));
  EXPECT_NE(op_set_root(ids[1], places[0]), op_set_root(ids[1], places[1]));
  OpPlace wrong = places[0];
  wrong.index = 2;
  EXPECT_FALSE(op_set_root(ids[0], wrong));
  wrong = places[0];
  wrong.path.clear();
  EXPECT_FALSE(op_set_root(ids[0], wrong));
  wrong.count = 0;
  EXPECT_FALSE(op_set_root(ids[0], wrong));
}

}  // namespace
}  // namespace ledger
