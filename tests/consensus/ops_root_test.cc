#include "consensus/ops_root.h"

#include <gtest/gtest.h>

namespace consensus {
namespace {

std::vector<base::Bytes> ops(std::size_t count) {
  std::vector<base::Bytes> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(base::to_bytes("op " + std::to_string(i)));
  return out;
}

TEST(OpsRootTest, ProvesEachOpAtItsPlaceAndNoOther) {
  for (const std::size_t count : {1U, 2U, 3U, 5U, 8U, 13U}) {
    const auto all = ops(count);
    const base::Digest root = ops_root(all);
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto path = ops_path(all, i);
      const auto width = static_cast<std::uint32_t>(count);
      EXPECT_TRUE(proves(path, all[i], i, width, root));
      EXPECT_FALSE(proves(path, base::to_bytes("another"), i, width, root));
      EXPECT_FALSE(proves(path, all[i], i + 1, width, root));
      EXPECT_FALSE(proves(path, all[i], width, width, root));
      auto longer = path;
      longer.push_back({});
      EXPECT_FALSE(proves(longer, all[i], i, width, root));
      if (path.empty()) continue;
      auto shorter = path;
      shorter.pop_back();
      EXPECT_FALSE(proves(shorter, all[i], i, width, root));
    }
  }
}

TEST(OpsRootTest, IsZeroWithoutOpsAndDependsOnTheirOrder) {
  EXPECT_TRUE(ops_root({}).is_zero());
  auto turned = ops(3);
  std::swap(turned[0], turned[2]);
  EXPECT_NE(ops_root(turned), ops_root(ops(3)));
}

}  // namespace
}  // namespace consensus
