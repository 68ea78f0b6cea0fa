#include "consensus/committee.h"

#include <gtest/gtest.h>

#include <vector>

namespace consensus {
namespace {

std::vector<Validator> validators(std::size_t count) {
  std::vector<Validator> out(count);
  for (std::size_t i = 0; i < count; ++i) {
    out[i].node.bytes[0] = static_cast<std::byte>(count - i);
    out[i].vote_key.bytes[1] = static_cast<std::byte>(i + 1);
  }
  return out;
}

// D16: thresholds of CONSENSUS 3.1, at sizes that are not 3f + 1 too.
TEST(CommitteeTest, AsksForAllButTheFaultyOnes) {
  const std::vector<std::pair<std::size_t, std::size_t>> quorums{
      {1, 1}, {2, 2},  {3, 3},  {4, 3},   {5, 4},   {6, 5},
      {7, 5}, {10, 7}, {13, 9}, {16, 11}, {31, 21}, {64, 43}};
  for (const auto& [size, quorum] : quorums) {
    const auto committee = Committee::of(validators(size));
    ASSERT_TRUE(committee.has_value());
    EXPECT_EQ(committee->quorum(), quorum) << size;
    EXPECT_GT(2 * committee->quorum(), size + committee->faults()) << size;
  }
}

TEST(CommitteeTest, SortsItsMembersByNode) {
  const auto committee = Committee::of(validators(4));
  ASSERT_TRUE(committee.has_value());
  for (SignerIndex i = 0; i < 4; ++i) {
    EXPECT_EQ(committee->index_of(committee->member(i).node), i);
    if (i == 0) continue;
    EXPECT_LT(committee->member(static_cast<SignerIndex>(i - 1)), committee->member(i));
  }
  EXPECT_FALSE(committee->index_of(base::NodeId{}).has_value());
}

TEST(CommitteeTest, RefusesNobodyTooManyAndTwins) {
  EXPECT_FALSE(Committee::of({}).has_value());
  EXPECT_FALSE(Committee::of(validators(65)).has_value());
  auto twice = validators(4);
  twice[1].node = twice[0].node;
  EXPECT_FALSE(Committee::of(twice).has_value());
  auto shared = validators(4);
  shared[1].vote_key = shared[0].vote_key;
  EXPECT_FALSE(Committee::of(shared).has_value());
}

}  // namespace
}  // namespace consensus
