#include "base/recent_table.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

namespace base {
namespace {

using Table = RecentTable<std::string, int>;

TEST(RecentTableTest, KeepsWhatItWasGiven) {
  Table table(3);
  EXPECT_EQ(table.find("a"), nullptr);
  EXPECT_EQ(table.use(std::string_view("a")), 0);
  table.use("a") = 7;
  ASSERT_NE(table.find(std::string_view("a")), nullptr);
  EXPECT_EQ(*table.find("a"), 7);
  EXPECT_EQ(table.size(), 1U);
}

TEST(RecentTableTest, DropsWhatWasNotUsedForTheLongest) {
  Table table(3);
  table.use("a") = 1;
  table.use("b") = 2;
  table.use("c") = 3;
  table.use("a") = 4;
  table.use("d") = 5;
  EXPECT_EQ(table.size(), 3U);
  EXPECT_EQ(table.find("b"), nullptr);
  EXPECT_NE(table.find("a"), nullptr);
  EXPECT_NE(table.find("c"), nullptr);
  EXPECT_NE(table.find("d"), nullptr);
}

TEST(RecentTableTest, LookingIsNotUsing) {
  Table table(2);
  table.use("a") = 1;
  table.use("b") = 2;
  EXPECT_NE(table.find("a"), nullptr);
  table.use("c") = 3;
  EXPECT_EQ(table.find("a"), nullptr);
}

TEST(RecentTableTest, ForgetsWhatIsErasedAndHasRoomForAnother) {
  Table table(2);
  table.use("a") = 1;
  table.use("b") = 2;
  table.erase("a");
  table.erase("nobody");
  EXPECT_EQ(table.find("a"), nullptr);
  table.use("c") = 3;
  ASSERT_NE(table.find("b"), nullptr);
  EXPECT_EQ(*table.find("b"), 2);
}

TEST(RecentTableTest, NeverHoldsMoreThanItMay) {
  Table table(10);
  for (int i = 0; i < 1'000; ++i) {
    table.use(std::to_string(i % 37)) = i;
    ASSERT_LE(table.size(), 10U);
  }
}

TEST(RecentTableTest, MayBeMoved) {
  Table table(2);
  table.use("a") = 1;
  table.use("b") = 2;
  Table moved = std::move(table);
  moved.use("c") = 3;
  EXPECT_EQ(moved.size(), 2U);
  EXPECT_EQ(moved.find("a"), nullptr);
}

}  // namespace
}  // namespace base
