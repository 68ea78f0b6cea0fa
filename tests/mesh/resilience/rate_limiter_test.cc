#include "mesh/resilience/rate_limiter.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mesh::resilience {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Refused = RateLimiter::Refused;

base::NodeId caller_of(std::uint8_t number) {
  base::NodeId id;
  id.bytes[0] = std::byte{number};
  return id;
}

RateLimits per_caller(double per_second, std::uint32_t burst) {
  RateLimits limits;
  limits.per_caller = Rate{.per_second = per_second, .burst = burst};
  return limits;
}
RateLimits per_capability(double per_second, std::uint32_t burst) {
  RateLimits limits;
  limits.per_capability = Rate{.per_second = per_second, .burst = burst};
  return limits;
}
RateLimits per_agent(double per_second, std::uint32_t burst) {
  RateLimits limits;
  limits.per_agent = Rate{.per_second = per_second, .burst = burst};
  return limits;
}

class RateLimiterTest : public testing::Test {
 protected:
  std::optional<Refused> admit(const RateLimits& limits, std::string_view capability = "translate",
                               std::uint8_t caller = 1, bool at_own_agent = true) {
    return limiter.admit(limits, caller_of(caller), capability, at_own_agent, now);
  }
  // Admitted at this instant until one is refused.
  int admitted(const RateLimits& limits, std::string_view capability = "translate",
               std::uint8_t caller = 1) {
    int count = 0;
    while (count < 1'000 && !admit(limits, capability, caller)) ++count;
    return count;
  }

  base::Instant now = base::Instant::from_nanoseconds(1'000'000'000);
  RateLimiter limiter{{.callers_max = 4, .capabilities_max = 3, .agent_rates_max = 2}};
  const RateLimits of_caller = per_caller(10, 3);
  const RateLimits of_capability = per_capability(10, 3);
  const RateLimits of_agent = per_agent(10, 3);
};

TEST_F(RateLimiterTest, AdmitsAllWithoutALimit) {
  EXPECT_EQ(admitted({}), 1'000);
}

TEST_F(RateLimiterTest, RefusesACallerAboveItsRateAndSaysWhenToComeBack) {
  EXPECT_EQ(admitted(of_caller), 3);
  EXPECT_EQ(admit(of_caller), (Refused{.retry_after = milliseconds(100), .which = "caller"}));
  now = now + milliseconds(40);
  EXPECT_EQ(admit(of_caller), (Refused{.retry_after = milliseconds(60), .which = "caller"}));
  now = now + milliseconds(60);
  EXPECT_EQ(admitted(of_caller), 1);
}

TEST_F(RateLimiterTest, CountsEachCallerAndCapabilityForItself) {
  EXPECT_EQ(admitted(of_caller), 3);
  EXPECT_EQ(admitted(of_caller, "translate", 2), 3);
  EXPECT_EQ(admitted(of_caller, "summarise", 1), 3);
  EXPECT_EQ(admitted(of_caller), 0);
}

TEST_F(RateLimiterTest, CountsAllCallersOfACapabilityTogether) {
  EXPECT_EQ(admit(of_capability, "translate", 1), std::nullopt);
  EXPECT_EQ(admit(of_capability, "translate", 2), std::nullopt);
  EXPECT_EQ(admit(of_capability, "translate", 3), std::nullopt);
  EXPECT_EQ(admit(of_capability, "translate", 4),
            (Refused{.retry_after = milliseconds(100), .which = "capability"}));
  EXPECT_EQ(admitted(of_capability, "summarise", 4), 3);
}

TEST_F(RateLimiterTest, CountsAllCallsToTheOwnAgentTogether) {
  EXPECT_EQ(admit(of_agent, "translate", 1), std::nullopt);
  EXPECT_EQ(admit(of_agent, "summarise", 2), std::nullopt);
  EXPECT_EQ(admit(of_agent, "search", 3), std::nullopt);
  EXPECT_EQ(admit(of_agent, "search", 3),
            (Refused{.retry_after = milliseconds(100), .which = "agent"}));
}

TEST_F(RateLimiterTest, DoesNotCountCallsToOtherAgentsForTheOwnOne) {
  for (int i = 0; i < 100; ++i) EXPECT_EQ(admit(of_agent, "translate", 1, false), std::nullopt);
  EXPECT_EQ(admitted(of_agent), 3);
  EXPECT_EQ(admit(of_agent, "translate", 1, false), std::nullopt);
}

TEST_F(RateLimiterTest, KeepsABucketForEachRateThatPoliciesGiveTheAgent) {
  const RateLimits slower = per_agent(1, 1);
  EXPECT_EQ(admitted(slower, "render"), 1);
  EXPECT_EQ(admitted(of_agent, "translate"), 3);
  // Calls of one kind do not fill the bucket of the other again.
  EXPECT_EQ(admitted(slower, "render"), 0);
  EXPECT_EQ(admitted(of_agent, "translate"), 0);
}

TEST_F(RateLimiterTest, ARefusedCallTakesNoPermitAnywhere) {
  const RateLimits both{.per_caller = Rate{.per_second = 1, .burst = 1},
                        .per_capability = Rate{.per_second = 1, .burst = 3},
                        .per_agent = Rate{.per_second = 1, .burst = 4}};
  EXPECT_EQ(admitted(both, "translate", 1), 1);
  for (int i = 0; i < 100; ++i) EXPECT_NE(admit(both, "translate", 1), std::nullopt);
  EXPECT_EQ(admitted(both, "translate", 2), 1);
  EXPECT_EQ(admitted(both, "translate", 3), 1);
  EXPECT_EQ(admit(both, "translate", 4),
            (Refused{.retry_after = seconds(1), .which = "capability"}));
  EXPECT_EQ(admitted(both, "summarise", 4), 1);
}

TEST_F(RateLimiterTest, NamesTheLimitThatNeedsTheLongest) {
  const RateLimits all{.per_caller = Rate{.per_second = 2, .burst = 1},
                       .per_capability = Rate{.per_second = 0.1, .burst = 1},
                       .per_agent = Rate{.per_second = 1, .burst = 1}};
  EXPECT_EQ(admit(all), std::nullopt);
  EXPECT_EQ(admit(all), (Refused{.retry_after = seconds(10), .which = "capability"}));
  EXPECT_EQ(admit(all, "summarise"), (Refused{.retry_after = seconds(1), .which = "agent"}));
}

TEST_F(RateLimiterTest, AChangedRateTakesEffectAtOnce) {
  EXPECT_EQ(admitted(of_caller), 3);
  EXPECT_EQ(admitted(per_caller(10, 5)), 5);
  EXPECT_EQ(admitted(per_caller(1, 2)), 2);
  EXPECT_EQ(admitted(per_caller(1, 2)), 0);
  EXPECT_EQ(admitted({}), 1'000);
}

TEST_F(RateLimiterTest, ARateOfNothingPermitsItsBurstOnly) {
  const RateLimits nothing = per_capability(0, 0);
  EXPECT_EQ(admitted(nothing), 1);
  now = now + hours(1'000);
  EXPECT_EQ(admitted(nothing), 0);
}

TEST_F(RateLimiterTest, ForgetsThePairThatWasNotAdmittedForTheLongest) {
  EXPECT_EQ(admitted(of_caller, "translate", 1), 3);
  for (std::uint8_t other = 2; other <= 4; ++other) admitted(of_caller, "translate", other);
  EXPECT_EQ(admitted(of_caller, "translate", 1), 0);
  EXPECT_EQ(admitted(of_caller, "translate", 5), 3);
  EXPECT_EQ(admitted(of_caller, "translate", 2), 0);
  EXPECT_EQ(admitted(of_caller, "translate", 1), 3);  // full again
}

TEST_F(RateLimiterTest, ForgetsTheCapabilityThatWasNotAdmittedForTheLongest) {
  EXPECT_EQ(admitted(of_capability, "a"), 3);
  EXPECT_EQ(admitted(of_capability, "b"), 3);
  EXPECT_EQ(admitted(of_capability, "c"), 3);
  EXPECT_EQ(admitted(of_capability, "a"), 0);
  EXPECT_EQ(admitted(of_capability, "d"), 3);
  EXPECT_EQ(admitted(of_capability, "b"), 0);
  EXPECT_EQ(admitted(of_capability, "a"), 3);
}

TEST_F(RateLimiterTest, KeepsTheUsualBoundsUnlessToldOtherwise) {
  RateLimiter usual;
  for (int i = 0; i < 20'000; ++i) {
    ASSERT_EQ(usual.admit({.per_caller = Rate{.per_second = 1, .burst = 1},
                           .per_capability = Rate{.per_second = 1, .burst = 1},
                           .per_agent = std::nullopt},
                          caller_of(1), std::to_string(i), true, now),
              std::nullopt);
  }
}

}  // namespace
}  // namespace mesh::resilience
