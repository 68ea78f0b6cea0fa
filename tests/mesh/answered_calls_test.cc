#include "mesh/answered_calls.h"

#include "tests/mesh/node_of.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

namespace mesh {
namespace {

CallId id_of(std::size_t number) {
  std::string digits = std::to_string(number);
  digits.insert(0, 32 - digits.size(), '0');
  return CallId(digits);
}

TEST(AnsweredCallsTest, RemembersTheLastOnesAndNoMore) {
  AnsweredCalls calls;
  for (std::size_t i = 0; i < AnsweredCalls::calls_max + 10; ++i) {
    calls.add(id_of(i), node_of(static_cast<std::uint8_t>(i % 7)), "text.count");
  }
  EXPECT_EQ(calls.find(id_of(9).view()), nullptr);
  ASSERT_NE(calls.find(id_of(10).view()), nullptr);
  EXPECT_EQ(calls.find(id_of(10).view())->node, node_of(10 % 7));
  ASSERT_NE(calls.find(id_of(AnsweredCalls::calls_max + 9).view()), nullptr);
  EXPECT_EQ(calls.find("no such call"), nullptr);
}

TEST(AnsweredCallsTest, ACallThatIsAnsweredAgainHasOnePlace) {
  AnsweredCalls calls;
  calls.add(id_of(1), node_of(1), "text.count");
  calls.add(id_of(1), node_of(2), "text.short");
  EXPECT_EQ(calls.find(id_of(1).view())->node, node_of(2));
  EXPECT_EQ(calls.find(id_of(1).view())->capability, "text.short");
}

}  // namespace
}  // namespace mesh
