#include "storage/spent_keys.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace storage {
namespace {

TEST(SpentKeysTest, AKeyStaysSpentAndOthersAreNot) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "spent-keys-test";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  base::NodeId one;
  one.bytes[0] = std::byte{1};
  base::NodeId two;
  two.bytes[0] = std::byte{2};
  ASSERT_TRUE(mark_begun(folder.string(), one));
  EXPECT_TRUE(has_begun(folder.string(), one));
  EXPECT_FALSE(has_begun(folder.string(), two));
  EXPECT_FALSE(is_spent(folder.string(), one));
  ASSERT_TRUE(mark_spent(folder.string(), one));
  ASSERT_TRUE(mark_spent(folder.string(), one));
  EXPECT_TRUE(is_spent(folder.string(), one));
  EXPECT_FALSE(is_spent(folder.string(), two));
  EXPECT_FALSE(lists_others(folder.string(), one));
  EXPECT_TRUE(lists_others(folder.string(), two));
  ASSERT_TRUE(mark_spent(folder.string(), two));
  EXPECT_TRUE(is_spent(folder.string(), one));
  EXPECT_TRUE(is_spent(folder.string(), two));
  base::NodeId three;
  three.bytes[0] = std::byte{3};
  std::ofstream(folder / "voter.spent", std::ios::app) << "03";  // a line that was cut short
  ASSERT_TRUE(mark_spent(folder.string(), three));
  EXPECT_TRUE(is_spent(folder.string(), three));
  EXPECT_FALSE(mark_spent((folder / "none").string(), one));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace storage
