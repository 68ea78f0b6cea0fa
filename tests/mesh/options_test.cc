#include "mesh/options.h"

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
  Options options;
  Policy all;
  all.route = RoutePolicy::round_robin;
  all.attempts = 5;
  Policy inventory;
  inventory.capability = "inventory.*";
  inventory.route = RoutePolicy::preference;
  inventory.prefer = {"b"};
  Policy lookup;
  lookup.capability = "inventory.lookup";
  lookup.retry_unavailable = false;
  options.policies = {lookup, inventory, all};

  const CallPolicy policy = policy_for(options, "inventory.lookup");
  EXPECT_EQ(policy.route, RoutePolicy::preference);
  EXPECT_EQ(policy.prefer, std::vector<std::string>{"b"});
  EXPECT_EQ(policy.attempts, 5U);
  EXPECT_FALSE(policy.retry_unavailable);
  EXPECT_EQ(policy.deadline, options.deadline_default);
  EXPECT_EQ(policy_for(options, "text.count").route, RoutePolicy::round_robin);
}

TEST(PolicyTest, OfTwoEquallySpecificTheEarlierWins) {
  Options options;
  Policy first;
  first.attempts = 1;
  Policy second;
  second.attempts = 2;
  options.policies = {first, second};
  EXPECT_EQ(policy_for(options, "a").attempts, 1U);
}

}  // namespace
}  // namespace mesh
