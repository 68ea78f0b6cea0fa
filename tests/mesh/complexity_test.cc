#include "mesh/judge/complexity.h"

#include <gtest/gtest.h>

#include <string>

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

ComplexityEstimator estimator() {
  return {.base = 0.1,
          .per_kilobyte = 0.05,
          .keywords = {{"prove", 0.5}, {"step by step", 0.2}, {"hello", -0.3}}};
}
double estimated(std::string_view target, std::optional<std::uint64_t> size,
                 std::string_view start) {
  return estimate_complexity(estimator(), target, size, start);
}

TEST(ComplexityTest, AddsUpBaseSizeAndKeywords) {
  EXPECT_DOUBLE_EQ(estimated("/ask", 0, ""), 0.1);
  EXPECT_DOUBLE_EQ(estimated("/ask", 4096, ""), 0.3);
  EXPECT_DOUBLE_EQ(estimated("/ask", {}, std::string(2048, ' ')), 0.2);
  EXPECT_DOUBLE_EQ(estimated("/prove", 0, ""), 0.6);
  EXPECT_DOUBLE_EQ(estimated("/ask", 0, "Think STEP by step. Prove it, prove it!"), 0.8);
}

TEST(ComplexityTest, StaysFromZeroToOne) {
  EXPECT_EQ(estimated("/ask", 0, "hello"), 0.0);
  EXPECT_EQ(estimated("/ask", 1'000'000'000, ""), 1.0);
}

TEST(ComplexityTest, LooksForWholeWords) {
  for (const char* text : {"proven", "improve", "prove2", "\xc3\xa9prove"}) {
    EXPECT_DOUBLE_EQ(estimated("", 0, text), 0.1) << text;
  }
  for (const char* text : {"prove", "\"prove\"", "improve, then prove", "to-prove_it"}) {
    EXPECT_DOUBLE_EQ(estimated("", 0, text), 0.6) << text;
  }
}

TEST(ComplexityTest, SearchesOnlyTheBeginningOfABody) {
  EXPECT_DOUBLE_EQ(estimated("", 0, std::string(searched_bytes_max, ' ') + "prove"), 0.1);
}

}  // namespace
}  // namespace mesh::judge
