#include "node/decided_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace node {
namespace {

using testing::HasSubstr;

std::string error_of(const std::string& yaml, const std::string& scope = "") {
  const auto read = read_decided_policy("p", scope, yaml);
  return read ? "" : read.error();
}

TEST(DecidedPolicyTest, IsOneBlockOrAListOfThem) {
  const auto one = read_decided_policy("p", "text.*", "route: { policy: latency }");
  ASSERT_TRUE(one) << one.error();
  ASSERT_EQ(one->size(), 1U);
  EXPECT_EQ(one->front().capability, "text.*");
  const auto two =
      read_decided_policy("p", "", "- route: { policy: latency }\n- route: { policy: cost }\n");
  ASSERT_TRUE(two) << two.error();
  EXPECT_EQ(two->size(), 2U);
}

TEST(DecidedPolicyTest, RefusesWhatTheConfigurationWouldRefuse) {
  EXPECT_THAT(error_of("foo: bar"), HasSubstr("foo: unknown key"));
  EXPECT_THAT(error_of("retry: { attempts: 99 }"), HasSubstr("attempts"));
  EXPECT_NE(error_of("[1,"), "");
  EXPECT_THAT(error_of("foo: bar"), HasSubstr("decided policy p"));
  EXPECT_THAT(error_of("{}", "a b"), HasSubstr("scope: \"a b\" is no pattern"));
}

}  // namespace
}  // namespace node
