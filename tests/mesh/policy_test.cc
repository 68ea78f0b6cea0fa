#include "mesh/policy_table.h"

#include <gtest/gtest.h>

namespace mesh {
namespace {

TEST(PolicyTest, PatternsMatchWholeNames) {
  EXPECT_TRUE(matches_pattern("*", "a.b"));
  EXPECT_TRUE(matches_pattern("inventory.*", "inventory.lookup"));
  EXPECT_TRUE(matches_pattern("*.lookup", "inventory.lookup"));
  EXPECT_TRUE(matches_pattern("i*.l*p", "inventory.lookup"));
  EXPECT_TRUE(matches_pattern("a.b", "a.b"));
  EXPECT_FALSE(matches_pattern("inventory.*", "inventory"));
  EXPECT_FALSE(matches_pattern("a.b", "a.bc"));
  EXPECT_FALSE(matches_pattern("", "a"));
}

TEST(PolicyTest, EachFieldComesFromTheMostSpecificPolicyThatSetsIt) {
  Policy all;
  all.route = RoutePolicy::round_robin;
  all.attempts = 5;
  Policy inventory;
  inventory.capability = "inventory.*";
  inventory.route = RoutePolicy::preference;
  inventory.prefer = {"b"};
  Policy lookup;
  lookup.capability = "inventory.lookup";
  lookup.retry_on = RetryReasons().add(RetryReason::timeout);
  const std::vector<Policy> policies = {lookup, inventory, all};

  CallPolicy expected;
  expected.route = RoutePolicy::preference;
  expected.prefer = {"b"};
  expected.retry.attempts = 5;
  expected.retry.on = RetryReasons().add(RetryReason::timeout);
  EXPECT_EQ(policy_for(policies, {}, "inventory.lookup"), expected);
  EXPECT_EQ(policy_for(policies, {}, "text.count").route, RoutePolicy::round_robin);
}

TEST(PolicyTest, OfTwoEquallySpecificTheEarlierWins) {
  Policy first;
  first.attempts = 1;
  Policy second;
  second.attempts = 2;
  EXPECT_EQ(policy_for({first, second}, {}, "a").retry.attempts, 1U);
}

TEST(PolicyTest, WordsAreReadAsTheyAreWritten) {
  EXPECT_EQ(parse_route_policy("nearest"), RoutePolicy::nearest);
  EXPECT_EQ(parse_route_policy("fastest"), std::nullopt);
  for (std::size_t i = 0; i < retry_reasons; ++i) {
    const auto reason = static_cast<RetryReason>(i);
    EXPECT_EQ(parse_retry_reason(to_string(reason)), reason);
  }
  EXPECT_EQ(parse_retry_reason("bad_luck"), std::nullopt);
}

TEST(RetryReasonsTest, UsualOnesLeaveAnAgentsOwnWordsAlone) {
  EXPECT_TRUE(RetryReasons::usual().has(RetryReason::timeout));
  EXPECT_TRUE(RetryReasons::usual().has(RetryReason::quality_below_threshold));
  EXPECT_FALSE(RetryReasons::usual().has(RetryReason::application_error));
}

TEST(PolicyTableTest, CallsKeepThePolicyThatTheyBeganWith) {
  Policy first;
  first.attempts = 1;
  PolicyTable table;
  table.load({first}, {});
  const std::shared_ptr<const CallPolicy> began = table.of("a");
  EXPECT_EQ(table.of("a"), began);
  table.load({}, {});
  EXPECT_EQ(began->retry.attempts, 1U);
  EXPECT_EQ(table.of("a")->retry.attempts, 3U);
}

}  // namespace
}  // namespace mesh
