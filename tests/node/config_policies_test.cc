#include "node/config_policies.h"

#include "tests/node/policy_text.h"

#include <gmock/gmock.h>

namespace node {
namespace {

using mesh::RoutePolicy;
using test::bad_policy;
using test::good_policy;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

TEST(ConfigPoliciesTest, ReadsEveryRoutePolicy) {
  EXPECT_EQ(good_policy("route: { policy: round_robin }").route, RoutePolicy::round_robin);
  EXPECT_EQ(good_policy("route: { policy: least_loaded }").route, RoutePolicy::least_loaded);
  EXPECT_EQ(good_policy("route: { policy: latency }").route, RoutePolicy::latency);
  EXPECT_EQ(good_policy("route: { policy: cost }").route, RoutePolicy::cost);
  EXPECT_EQ(good_policy("route: { policy: quality }").route, RoutePolicy::quality);
  EXPECT_EQ(good_policy("route: { policy: nearest }").route, RoutePolicy::nearest);
  EXPECT_EQ(good_policy("route: { policy: preference }").route, RoutePolicy::preference);
  EXPECT_EQ(bad_policy("route: { policy: qualty }"),
            "parley.yaml:2: policies[0].route.policy: \"qualty\" is none of its words; did you "
            "mean \"quality\"?");
}

TEST(ConfigPoliciesTest, AnEmptyEntrySetsNothing) {
  EXPECT_EQ(good_policy(""), mesh::Policy{});
  EXPECT_EQ(good_policy("route: {}, retry: {}, timeout: {}, healthCheck: {}, hedge: null"),
            mesh::Policy{});
}

TEST(ConfigPoliciesTest, ReadsTiersOfQuality) {
  EXPECT_EQ(good_policy("route: { policy: quality, prefer: 0.96, accept: 0.91, neverBelow: 0.65 }")
                .quality,
            (mesh::QualityTiers{.prefer = 0.96, .accept = 0.91, .never_below = 0.65}));
  EXPECT_EQ(good_policy("route: { policy: quality }").quality, std::nullopt);
}

TEST(ConfigPoliciesTest, ATierThatIsNotGivenGivesWay) {
  EXPECT_EQ(good_policy("route: { policy: quality, prefer: 0.8 }").quality,
            (mesh::QualityTiers{.prefer = 0.8, .accept = 0.8, .never_below = 0}));
  EXPECT_EQ(good_policy("route: { policy: quality, accept: 0.98 }").quality,
            (mesh::QualityTiers{.prefer = 0.98, .accept = 0.98, .never_below = 0}));
  EXPECT_EQ(good_policy("route: { neverBelow: 0.97 }").quality,
            (mesh::QualityTiers{.prefer = 0.97, .accept = 0.97, .never_below = 0.97}));
}

TEST(ConfigPoliciesTest, NeverBelowGoesWithEveryPolicy) {
  EXPECT_EQ(good_policy("route: { policy: cost, neverBelow: 0.7 }").quality,
            (mesh::QualityTiers{.prefer = 0.95, .accept = 0.90, .never_below = 0.7}));
}

TEST(ConfigPoliciesTest, RefusesTiersThatContradict) {
  EXPECT_THAT(bad_policy("route: { policy: latency, prefer: 0.9 }"),
              HasSubstr("route.prefer: belongs to the policy \"quality\""));
  EXPECT_THAT(bad_policy("route: { accept: 0.9 }"), HasSubstr("write policy: quality"));
  EXPECT_THAT(bad_policy("route: { policy: quality, prefer: 0.8, accept: 0.9 }"),
              HasSubstr("route.accept: must not be above prefer"));
  EXPECT_THAT(bad_policy("route: { policy: quality, accept: 0.8, neverBelow: 0.9 }"),
              HasSubstr("route.neverBelow: must not be above accept"));
  EXPECT_THAT(bad_policy("route: { policy: quality, prefer: 0.8, neverBelow: 0.9 }"),
              HasSubstr("route.neverBelow: must not be above prefer"));
  EXPECT_THAT(bad_policy("route: { neverBelow: 70 }"),
              HasSubstr("route.neverBelow: \"70\" must be a number from 0 to 1"));
}

TEST(ConfigPoliciesTest, ReadsPreferredNodesOfPreference) {
  EXPECT_THAT(good_policy("route: { policy: preference, nodes: [a, b] }").prefer,
              ElementsAre("a", "b"));
  EXPECT_THAT(bad_policy("route: { policy: cost, nodes: [a] }"),
              HasSubstr("route.nodes: belongs to the policy \"preference\""));
  EXPECT_THAT(bad_policy("route: { policy: preference, nodes: [\"\"] }"),
              HasSubstr("has an empty entry"));
}

TEST(ConfigPoliciesTest, ReadsAnEstimatorOfComplexity) {
  const auto estimator =
      good_policy(
          "route: { complexity: { base: 0.2, perKilobyte: 0.05, keywords: { Prove: 0.5, "
          "legal: 1 } } }")
          .complexity;
  ASSERT_TRUE(estimator);
  EXPECT_EQ(estimator->base, 0.2);
  EXPECT_EQ(estimator->per_kilobyte, 0.05);
  EXPECT_THAT(estimator->keywords, ElementsAre(Pair("prove", 0.5), Pair("legal", 1)));
}

TEST(ConfigPoliciesTest, NamesTheKeywordThatIsWrong) {
  EXPECT_EQ(bad_policy("route: { complexity: { keywords: { prove: 5 } } }"),
            "parley.yaml:2: policies[0].route.complexity.keywords.prove: \"5\" must be a number "
            "from 0 to 1");
  EXPECT_THAT(bad_policy("route: { complexity: { keywords: { prove: 0.1, Prove: 0.2 } } }"),
              HasSubstr("\"prove\" is there twice"));
  EXPECT_THAT(bad_policy("route: { complexity: { keywords: [prove] } }"),
              HasSubstr("must be a block of words and numbers"));
  EXPECT_THAT(
      bad_policy("route: { complexity: { keywords: { " + std::string(65, 'x') + ": 1 } } }"),
      HasSubstr("must have 1 to 64 bytes"));
}

TEST(ConfigPoliciesTest, NamedCriteriaAreOnAndTheOthersOff) {
  EXPECT_EQ(good_policy("healthCheck: { criteria: [output_quality] }").health,
            (mesh::HealthCriteria{
                .response_time = false, .output_quality = true, .context_freshness = false}));
  EXPECT_EQ(good_policy("health_check: { criteria: [response_time, context_freshness] }").health,
            (mesh::HealthCriteria{
                .response_time = true, .output_quality = false, .context_freshness = true}));
  EXPECT_THAT(bad_policy("healthCheck: { criteria: [speed] }"),
              HasSubstr("healthCheck.criteria: \"speed\" is none of its words"));
}

TEST(ConfigPoliciesTest, WarnsOfTheIntervalThatBelongsToTheAgent) {
  const auto config = test::parse_policies("  - health_check: { interval_ms: 5000 }");
  ASSERT_TRUE(config);
  EXPECT_THAT(config->warnings,
              ElementsAre(HasSubstr("parley.yaml:2: policies[0].health_check.interval_ms: is not "
                                    "acted on: the node beside an agent probes it")));
  EXPECT_EQ(config->policies.policies.at(0).health, std::nullopt);
  EXPECT_THAT(bad_policy("healthCheck: { interval: 2h }"), HasSubstr("must be from 1ms to 1h"));
}

TEST(ConfigPoliciesTest, ReadsFallbacks) {
  EXPECT_THAT(good_policy("match: { capability: \"inventory.*\" }, fallback: [inventory.batch, "
                          "inventory.cached]")
                  .fallback,
              ElementsAre("inventory.batch", "inventory.cached"));
}

TEST(ConfigPoliciesTest, RefusesFallbacksThatLeadNowhere) {
  EXPECT_EQ(bad_policy("match: { capability: a.b }, fallback: [a.c, a.b]"),
            "parley.yaml:2: policies[0].fallback: \"a.b\" is the capability that this policy is "
            "for; name another");
  EXPECT_THAT(bad_policy("fallback: [\"a.*\"]"), HasSubstr("is no capability name"));
  EXPECT_THAT(bad_policy("fallback: [a, a]"), HasSubstr("\"a\" is there already"));
  EXPECT_THAT(bad_policy("fallback: [a, b, c, d, e]"), HasSubstr("has more than 4 entries"));
  EXPECT_THAT(bad_policy("fallback: a"), HasSubstr("must be a list"));
}

TEST(ConfigPoliciesTest, RefusesWhatIsNoPattern) {
  EXPECT_EQ(good_policy("match: { capability: \"*.lookup\" }").capability, "*.lookup");
  EXPECT_THAT(bad_policy("match: { capability: \"a b\" }"),
              HasSubstr("match.capability: \"a b\" is no pattern of capability names"));
}

TEST(ConfigPoliciesTest, UnknownKeysNameTheNearestKnownOne) {
  EXPECT_THAT(bad_policy("circuitBreakr: {}"), HasSubstr("did you mean \"circuitBreaker\"?"));
  EXPECT_THAT(bad_policy("route: { neverbelow: 0.7 }"), HasSubstr("did you mean \"neverBelow\"?"));
  EXPECT_THAT(bad_policy("rateLimit: { perCaler: 1/s }"), HasSubstr("did you mean \"perCaller\"?"));
}

TEST(ConfigPoliciesTest, RefusesTooManyEntries) {
  std::string list;
  for (int i = 0; i < 1'001; ++i) list += "  - {}\n";
  const auto config = test::parse_policies(list);
  ASSERT_FALSE(config);
  EXPECT_THAT(text(config.error()), HasSubstr("policies: has more than 1000 entries"));
}

}  // namespace
}  // namespace node
