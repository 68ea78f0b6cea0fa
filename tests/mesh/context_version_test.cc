#include "mesh/classify.h"

#include <gtest/gtest.h>

namespace mesh {
namespace {

TEST(ContextVersionTest, NumbersHaveAnOrder) {
  EXPECT_TRUE(is_older("9", "12"));
  EXPECT_FALSE(is_older("12", "9"));
  EXPECT_FALSE(is_older("12", "12"));
  EXPECT_FALSE(is_older("012", "12"));
  EXPECT_TRUE(is_older("99999999999999999999999", "100000000000000000000000"));
}

TEST(ContextVersionTest, DottedNumbersHaveAnOrder) {
  EXPECT_TRUE(is_older("1.4.9", "1.4.10"));
  EXPECT_FALSE(is_older("1.4.10", "1.4.9"));
  EXPECT_TRUE(is_older("1.4", "1.4.1"));
  EXPECT_FALSE(is_older("1.4.0", "1.4"));
  EXPECT_FALSE(is_older("2", "1.9"));
}

TEST(ContextVersionTest, TimestampsHaveAnOrder) {
  EXPECT_TRUE(is_older("2026-03-01T11:59:59Z", "2026-03-01T12:00:00Z"));
  EXPECT_FALSE(is_older("2026-03-01T12:00:00.5Z", "2026-03-01T12:00:00Z"));
  EXPECT_FALSE(is_older("2026-03-01T14:00:00+02:00", "2026-03-01T12:00:00Z"));
  EXPECT_TRUE(is_older("2026-03-01T13:00:00+02:00", "2026-03-01T12:00:00Z"));
}

TEST(ContextVersionTest, OfAnythingElseOnlyEqualityIsKnown) {
  EXPECT_FALSE(is_older("sha256:ab", "sha256:ab"));
  EXPECT_TRUE(is_older("sha256:ab", "sha256:cd"));
  EXPECT_TRUE(is_older("sha256:cd", "sha256:ab"));
  EXPECT_TRUE(is_older("12", "2026-03-01T12:00:00Z"));
  EXPECT_TRUE(is_older("1..2", "1.2"));
}

}  // namespace
}  // namespace mesh
