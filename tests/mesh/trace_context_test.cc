#include "mesh/trace_context.h"

#include <gtest/gtest.h>

namespace mesh {
namespace {

TEST(TraceParentTest, ReadsAndWritesTheW3cForm) {
  const std::string text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const auto parsed = TraceParent::parse(text);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(parsed->to_string(), text);
}

TEST(TraceParentTest, RefusesWhatTheRecommendationCallsInvalid) {
  for (const char* text : {"", "00-4BF92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                           "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                           "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"}) {
    EXPECT_FALSE(TraceParent::parse(text).has_value()) << text;
  }
}

TEST(TraceParentTest, ReadsWhatItKnowsOfALaterVersion) {
  EXPECT_TRUE(TraceParent::parse("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more")
                  .has_value());
}

}  // namespace
}  // namespace mesh
