#include "mesh/judge/complexity.h"

#include <gtest/gtest.h>

namespace mesh::judge {
namespace {

TEST(ShareTest, IsADecimalFromZeroToOne) {
  EXPECT_EQ(parse_share("0"), 0.0);
  EXPECT_EQ(parse_share("1"), 1.0);
  EXPECT_EQ(parse_share(" 1.000 "), 1.0);
  EXPECT_EQ(parse_share(".5"), 0.5);
  EXPECT_EQ(parse_share("0."), 0.0);
  EXPECT_DOUBLE_EQ(parse_share("0.25").value_or(-1), 0.25);
}

TEST(ShareTest, IsNothingElse) {
  for (const char* text : {"", " ", ".", "-0.5", "1.01", "2", "0.5.5", "1e-1", "nan", "0,5", "50%",
                           "0.00000000000000000000001"}) {
    EXPECT_FALSE(parse_share(text)) << text;
  }
}

}  // namespace
}  // namespace mesh::judge
