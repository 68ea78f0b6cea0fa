#include "node/kernel/read_ops.h"

#include "tests/ledger/ledger_samples.h"

#include <gtest/gtest.h>

#include <string>

namespace kernel {
namespace {

using ledger::Op;
using ledger::samples::identity;
using ledger::samples::mesh;

Op some_op(std::uint64_t sequence, const std::string& value = "v") {
  return Op::sign(identity(1), mesh(), sequence, 1'000, ledger::samples::put("k", value));
}

TEST(ReadOpsTest, SaysTheSameAtEachReading) {
  ReadOps read(mesh());
  const Op op = some_op(5);
  for (int i = 0; i < 3; ++i) {
    const auto again = read.read(op.bytes());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->id(), op.id());
    EXPECT_EQ(again->payload(), op.payload());
    EXPECT_EQ(again->bytes(), op.bytes());
  }
  EXPECT_EQ(read.size(), 1U);
}

TEST(ReadOpsTest, TakesNothingElseForAnOpThatItKnows) {
  ReadOps read(mesh());
  const Op op = some_op(5);
  ASSERT_TRUE(read.read(op.bytes()));
  base::Bytes other = op.bytes();
  other[ledger::op_preimage_size] ^= std::byte{1};  // below another signature
  ASSERT_TRUE(read.read(other));
  EXPECT_EQ(read.read(other)->bytes(), other);
  EXPECT_EQ(read.read(op.bytes())->bytes(), op.bytes());
  base::Bytes broken = op.bytes();
  broken.back() ^= std::byte{1};  // another payload than the preimage says
  EXPECT_FALSE(read.read(broken));
  broken = op.bytes();
  broken.push_back({});
  EXPECT_FALSE(read.read(broken));
  EXPECT_FALSE(read.read(base::ByteView(op.bytes()).first(ledger::op_head_size - 1)));
  EXPECT_EQ(read.read(op.bytes())->bytes(), op.bytes());
}

TEST(ReadOpsTest, KnowsTheIdBelowAnySignature) {
  ReadOps read(mesh());
  const Op op = some_op(5);
  EXPECT_EQ(read.id_of(op.bytes()), std::nullopt);
  ASSERT_TRUE(read.read(op.bytes()));
  EXPECT_EQ(read.id_of(op.bytes()), op.id());
  base::Bytes other = op.bytes();
  other[ledger::op_preimage_size] ^= std::byte{1};
  EXPECT_EQ(read.id_of(other), op.id());
  other.front() ^= std::byte{1};
  EXPECT_EQ(read.id_of(other), std::nullopt);
  EXPECT_EQ(read.id_of(base::ByteView(op.bytes()).first(ledger::op_head_size - 1)), std::nullopt);
}

TEST(ReadOpsTest, KeepsSoManyAndNoLargeOnes) {
  ReadOps read(mesh(), {.ops_max = 3, .op_bytes_max = 1'000});
  for (std::uint64_t round = 0; round < 2; ++round) {
    for (std::uint64_t sequence = 1; sequence <= 10; ++sequence) {
      const Op op = some_op(sequence);
      ASSERT_TRUE(read.read(op.bytes()));
      EXPECT_EQ(read.read(op.bytes())->sequence(), sequence);
    }
  }
  EXPECT_EQ(read.size(), 3U);
  const Op large = some_op(11, std::string(2'000, 'x'));
  ReadOps empty(mesh(), {.ops_max = 3, .op_bytes_max = 1'000});
  EXPECT_TRUE(empty.read(large.bytes()));
  EXPECT_EQ(empty.size(), 0U);
}

}  // namespace
}  // namespace kernel
