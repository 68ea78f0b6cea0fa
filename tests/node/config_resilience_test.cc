#include "node/config_resilience.h"

#include "tests/node/policy_text.h"

#include <gmock/gmock.h>

#include <chrono>

namespace node {
namespace {

using mesh::BackoffType;
using mesh::Jitter;
using mesh::OnTimeout;
using mesh::RetryReason;
using test::bad_policy;
using test::good_policy;
using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

TEST(ConfigResilienceTest, ReadsRetries) {
  const mesh::Policy policy = good_policy(
      "retry: { attempts: 4, backoff: { type: constant, base: 50ms, max: 2s, jitter: equal }, "
      "on: [timeout, application_error], budget: 0.2 }");
  EXPECT_EQ(policy.attempts, 4U);
  EXPECT_EQ(policy.backoff,
            (mesh::Backoff{
                .type = BackoffType::constant, .base = 50ms, .max = 2s, .jitter = Jitter::equal}));
  EXPECT_EQ(policy.retry_on,
            mesh::RetryReasons().add(RetryReason::timeout).add(RetryReason::application_error));
  EXPECT_EQ(policy.retry_budget, 0.2);
}

TEST(ConfigResilienceTest, ReadsEveryReasonToRetry) {
  mesh::RetryReasons all;
  for (std::size_t i = 0; i < mesh::retry_reasons; ++i) all.add(static_cast<RetryReason>(i));
  EXPECT_EQ(good_policy("retry: { on: [timeout, unavailable, server_error, stale_context, "
                        "quality_below_threshold, application_error] }")
                .retry_on,
            all);
  EXPECT_EQ(good_policy("retry: { retry_on: [] }").retry_on, mesh::RetryReasons());
  EXPECT_EQ(bad_policy("retry: { on: [timeot] }"),
            "parley.yaml:2: policies[0].retry.on: \"timeot\" is none of its words; did you mean "
            "\"timeout\"?");
}

TEST(ConfigResilienceTest, ABackoffMayBeAWord) {
  EXPECT_EQ(good_policy("retry: { backoff: none }").backoff,
            (mesh::Backoff{.type = BackoffType::none}));
  EXPECT_EQ(good_policy("retry: { backoff: exponential }").backoff, mesh::Backoff{});
  EXPECT_THAT(bad_policy("retry: { backoff: cubic }"), HasSubstr("retry.backoff: \"cubic\""));
}

TEST(ConfigResilienceTest, ABoundOfTheBackoffThatIsNotGivenGivesWay) {
  EXPECT_EQ(good_policy("retry: { backoff: { base: 5s } }").backoff,
            (mesh::Backoff{.base = 5s, .max = 5s}));
  EXPECT_EQ(good_policy("retry: { backoff: { max: 10ms, jitter: none } }").backoff,
            (mesh::Backoff{.base = 10ms, .max = 10ms, .jitter = Jitter::none}));
}

TEST(ConfigResilienceTest, RefusesRetriesOutOfRange) {
  EXPECT_THAT(bad_policy("retry: { attempts: 11 }"),
              HasSubstr("retry.attempts: \"11\" must be a whole number from 1 to 10"));
  EXPECT_THAT(bad_policy("retry: { budget: 20 }"), HasSubstr("must be a number from 0 to 1"));
  EXPECT_THAT(bad_policy("retry: { backoff: { base: 3s, max: 2s } }"),
              HasSubstr("retry.backoff.base: must not be above max"));
  EXPECT_THAT(bad_policy("retry: { backoff: { base: 1us } }"),
              HasSubstr("retry.backoff.base: \"1us\" must be from 1ms to 10m"));
  EXPECT_THAT(bad_policy("retry: { backoff: { max: 11m } }"), HasSubstr("from 1ms to 10m"));
  EXPECT_THAT(bad_policy("retry: { backoff: { type: cubic, jitter: some } }"),
              HasSubstr("retry.backoff.jitter: \"some\" is none of its words"));
}

TEST(ConfigResilienceTest, AHedgeIsOnWhereItsBlockIs) {
  EXPECT_EQ(good_policy("hedge: {}").hedge,
            (mesh::HedgePolicy{.enabled = true, .after = std::nullopt}));
  EXPECT_EQ(good_policy("hedge: { after: p95 }").hedge,
            (mesh::HedgePolicy{.enabled = true, .after = std::nullopt}));
  EXPECT_EQ(good_policy("hedge: { after: 200ms }").hedge,
            (mesh::HedgePolicy{.enabled = true, .after = 200ms}));
  EXPECT_EQ(good_policy("hedge: { enabled: false }").hedge, mesh::HedgePolicy{});
  EXPECT_THAT(bad_policy("hedge: { after: p99 }"),
              HasSubstr("hedge.after: \"p99\" is no time to wait; write it like p95 or 200ms"));
  EXPECT_THAT(bad_policy("hedge: { after: 2h }"), HasSubstr("must be from 1ms to 1h"));
}

TEST(ConfigResilienceTest, ReadsABreaker) {
  EXPECT_EQ(
      good_policy("circuitBreaker: { enabled: true, failureThreshold: 0.3, minRequests: 20, "
                  "window: 5s, openFor: 300ms, halfOpenRequests: 1, applicationErrors: true }")
          .breaker,
      (mesh::BreakerPolicy{.enabled = true,
                           .failure_threshold = 0.3,
                           .min_requests = 20,
                           .window = 5s,
                           .open_for = 300ms,
                           .half_open_requests = 1,
                           .application_errors = true}));
  EXPECT_EQ(good_policy("circuitBreaker: { enabled: false }").breaker,
            (mesh::BreakerPolicy{.enabled = false}));
}

TEST(ConfigResilienceTest, RefusesABreakerOutOfRange) {
  EXPECT_THAT(bad_policy("circuitBreaker: { failureThreshold: 0 }"),
              HasSubstr("failureThreshold: \"0\" must be a number from 0.01 to 1"));
  EXPECT_THAT(bad_policy("circuitBreaker: { failureThreshold: nan }"), HasSubstr("from 0.01 to 1"));
  EXPECT_THAT(bad_policy("circuitBreaker: { minRequests: 0 }"),
              HasSubstr("must be a whole number from 1 to 1000000"));
  EXPECT_THAT(bad_policy("circuitBreaker: { window: 10ms }"),
              HasSubstr("must be from 100ms to 1h"));
  EXPECT_THAT(bad_policy("circuitBreaker: { openFor: 2h }"), HasSubstr("must be from 10ms to 1h"));
  EXPECT_THAT(bad_policy("circuit_breaker: { recovery_timeout_s: 3601 }"),
              HasSubstr("circuit_breaker.recovery_timeout_s: \"3601\" must be a whole number from "
                        "1 to 3600"));
  EXPECT_THAT(bad_policy("circuitBreaker: { applicationErrors: yes }"),
              HasSubstr("circuitBreaker.applicationErrors: \"yes\" must be true or false"));
}

TEST(ConfigResilienceTest, ReadsOutlierEjection) {
  EXPECT_EQ(
      good_policy("outlierEjection: { slowerThan: 4.5, maxShare: 0.3, ejectedFor: 30s }").outliers,
      (mesh::OutlierPolicy{
          .enabled = true, .slower_than = 4.5, .share_max = 0.3, .ejected_for = 30s}));
  EXPECT_THAT(bad_policy("outlierEjection: { slowerThan: 1 }"),
              HasSubstr("slowerThan: \"1\" must be a number from 1.1 to 100"));
  EXPECT_THAT(bad_policy("outlierEjection: { maxShare: 50 }"), HasSubstr("from 0 to 1"));
  EXPECT_THAT(bad_policy("outlierEjection: { ejectedFor: 1ms }"), HasSubstr("from 10ms to 1h"));
}

TEST(ConfigResilienceTest, ReadsTimeouts) {
  const mesh::Policy policy = good_policy(
      "timeout: { request: 5s, perTry: 2s, idle: 60s, workflow: 30s, onTimeout: fallback }");
  EXPECT_EQ(policy.request_timeout, base::Duration(5s));
  EXPECT_EQ(policy.per_try_timeout, base::Duration(2s));
  EXPECT_EQ(policy.idle_timeout, base::Duration(60s));
  EXPECT_EQ(policy.workflow_timeout, base::Duration(30s));
  EXPECT_EQ(policy.on_timeout, OnTimeout::fallback);
}

TEST(ConfigResilienceTest, ReadsEveryWordOfOnTimeout) {
  for (const OnTimeout what : {OnTimeout::fail, OnTimeout::fallback, OnTimeout::escalate,
                               OnTimeout::escalate_or_fallback}) {
    EXPECT_EQ(good_policy("timeout: { onTimeout: " + std::string(mesh::to_string(what)) + " }")
                  .on_timeout,
              what);
  }
  EXPECT_THAT(bad_policy("timeout: { onTimeout: panic }"), HasSubstr("is none of its words"));
}

TEST(ConfigResilienceTest, RefusesTimeoutsOutOfRange) {
  EXPECT_THAT(bad_policy("timeout: { request: 2h }"),
              HasSubstr("timeout.request: \"2h\" must be from 1ms to 1h"));
  EXPECT_THAT(bad_policy("timeout: { per_message_ms: 3600001 }"), HasSubstr("from 1 to 3600000"));
  EXPECT_THAT(bad_policy("timeout: { request: 1s, perTry: 2s }"),
              HasSubstr("timeout.perTry: must not be longer than the whole request"));
  EXPECT_THAT(bad_policy("timeout: { idle: 0s }"), HasSubstr("is no duration"));
}

TEST(ConfigResilienceTest, ReadsTheWordsOfReliabilityPolicy) {
  const mesh::Policy policy = good_policy(
      "retry: { max_attempts: 5, backoff: exponential, retry_on: [unavailable] }, "
      "circuit_breaker: { failure_threshold: 0.4, recovery_timeout_s: 60, half_open_requests: 5 }, "
      "timeout: { per_message_ms: 1500, per_workflow_ms: 30000, on_timeout: "
      "escalate_or_fallback }, "
      "health_check: { criteria: [response_time] }");
  EXPECT_EQ(policy.attempts, 5U);
  EXPECT_EQ(policy.backoff, mesh::Backoff{});
  EXPECT_EQ(policy.retry_on, mesh::RetryReasons().add(RetryReason::unavailable));
  EXPECT_EQ(
      policy.breaker,
      (mesh::BreakerPolicy{.failure_threshold = 0.4, .open_for = 60s, .half_open_requests = 5}));
  EXPECT_EQ(policy.request_timeout, base::Duration(1'500ms));
  EXPECT_EQ(policy.workflow_timeout, base::Duration(30s));
  EXPECT_EQ(policy.on_timeout, OnTimeout::escalate_or_fallback);
  EXPECT_EQ(policy.health,
            (mesh::HealthCriteria{
                .response_time = true, .output_quality = false, .context_freshness = false}));
}

TEST(ConfigResilienceTest, TwoSpellingsOfOneWordAreRefused) {
  EXPECT_THAT(bad_policy("retry: { attempts: 2, max_attempts: 3 }"),
              HasSubstr("says the same as \"attempts\""));
  EXPECT_THAT(bad_policy("circuitBreaker: {}, circuit_breaker: {}"),
              HasSubstr("says the same as \"circuitBreaker\""));
  EXPECT_THAT(bad_policy("timeout: { workflow: 1s, per_workflow_ms: 1 }"),
              HasSubstr("says the same as \"workflow\""));
}

TEST(ConfigResilienceTest, ReadsRateLimits) {
  EXPECT_EQ(good_policy("rateLimit: { perCaller: { rate: 100, burst: 20 }, perCapability: 600/m, "
                        "perAgent: { rate: 10/h } }")
                .rate,
            (mesh::RateLimits{.per_caller = mesh::Rate{.per_second = 100, .burst = 20},
                              .per_capability = mesh::Rate{.per_second = 10, .burst = 10},
                              .per_agent = mesh::Rate{.per_second = 10.0 / 3'600, .burst = 1}}));
  EXPECT_EQ(good_policy("rateLimit: { perCaller: 100/s }").rate->per_caller,
            (mesh::Rate{.per_second = 100, .burst = 100}));
  EXPECT_EQ(good_policy("rateLimit: { perCaller: 7 }").rate->per_caller,
            (mesh::Rate{.per_second = 7, .burst = 7}));
  EXPECT_EQ(good_policy("rateLimit: {}").rate, mesh::RateLimits{});
}

TEST(ConfigResilienceTest, RefusesWhatIsNoRate) {
  for (const std::string rate :
       {"0", "100/d", "/s", "100/", "-1/s", "1.5/s", "1000001/s", "\"\"", "fast"}) {
    EXPECT_THAT(bad_policy("rateLimit: { perCaller: " + rate + " }"),
                HasSubstr("policies[0].rateLimit.perCaller: "))
        << rate;
  }
  EXPECT_THAT(bad_policy("rateLimit: { perAgent: fast }"),
              HasSubstr("\"fast\" is no rate; write it like 100/s, 600/m or 10/h, from 1/h to "
                        "1000000/s"));
  EXPECT_EQ(bad_policy("rateLimit: { perAgent: { burst: 5 } }"),
            "parley.yaml:2: policies[0].rateLimit.perAgent.rate: is missing; write it like 100/s");
  EXPECT_THAT(bad_policy("rateLimit: { perAgent: { rate: 5, burst: 0 } }"),
              HasSubstr("perAgent.burst: \"0\" must be a whole number from 1 to 1000000"));
  EXPECT_THAT(bad_policy("rateLimit: { perAgent: [1] }"), HasSubstr("must be a block"));
}

TEST(ConfigResilienceTest, ReadsABulkhead) {
  EXPECT_EQ(good_policy("bulkhead: { maxConcurrent: 32, adaptive: true }").bulkhead,
            (mesh::Bulkhead{.concurrent_max = 32, .adaptive = true}));
  EXPECT_EQ(good_policy("bulkhead: {}").bulkhead, mesh::Bulkhead{});
  EXPECT_THAT(bad_policy("bulkhead: { maxConcurrent: 0 }"), HasSubstr("from 1 to 1000000"));
}

TEST(ConfigResilienceTest, ReadsADeferral) {
  EXPECT_EQ(good_policy("defer: { maxAge: 12h, maxCalls: 500 }").deferral,
            (mesh::Deferral{.age_max = 12h, .calls_max = 500}));
  EXPECT_EQ(good_policy("defer: {}").deferral, mesh::Deferral{});
  EXPECT_THAT(bad_policy("defer: { maxAge: 169h }"), HasSubstr("must be from 1s to 168h"));
  EXPECT_THAT(bad_policy("defer: { maxCalls: 100001 }"), HasSubstr("from 1 to 100000"));
}

TEST(ConfigResilienceTest, ReadsFaults) {
  EXPECT_THAT(
      good_policy("faults: [ { percent: 10, agent: a, delay: 200ms, abort: 503 }, "
                  "{ percent: 0.01, answer: no idea }, { percent: 100, delay: 1s }, "
                  "{ percent: 0, abort: 500 }, { percent: 33.33, answer: \"\" } ]")
          .faults,
      ElementsAre(
          mesh::FaultRule{
              .share = 100'000, .agent = "a", .delay = 200ms, .abort = 503, .answer = std::nullopt},
          mesh::FaultRule{
              .share = 100, .agent = "", .delay = {}, .abort = std::nullopt, .answer = "no idea"},
          mesh::FaultRule{.share = 1'000'000,
                          .agent = "",
                          .delay = 1s,
                          .abort = std::nullopt,
                          .answer = std::nullopt},
          mesh::FaultRule{
              .share = 0, .agent = "", .delay = {}, .abort = 500, .answer = std::nullopt},
          mesh::FaultRule{
              .share = 333'300, .agent = "", .delay = {}, .abort = std::nullopt, .answer = ""}));
}

TEST(ConfigResilienceTest, RefusesFaultsThatSayTooLittleOrTooMuch) {
  EXPECT_EQ(bad_policy("faults: [ { percent: 10, agent: a } ]"),
            "parley.yaml:2: policies[0].faults[0]: does nothing; add delay, abort or answer");
  EXPECT_THAT(bad_policy("faults: [ { abort: 503 } ]"),
              HasSubstr("faults[0].percent: is missing; write percent: 10"));
  EXPECT_THAT(bad_policy("faults: [ { percent: 101, abort: 503 } ]"),
              HasSubstr("must be a number from 0 to 100"));
  EXPECT_THAT(bad_policy("faults: [ { percent: 0.001, abort: 503 } ]"),
              HasSubstr("has more than two digits after the point"));
  EXPECT_THAT(bad_policy("faults: [ { percent: 1, abort: 200 } ]"),
              HasSubstr("faults[0].abort: \"200\" must be a whole number from 400 to 599"));
  EXPECT_THAT(bad_policy("faults: [ { percent: 1, abort: 503, answer: x } ]"),
              HasSubstr("faults[0].answer: cannot go with abort"));
  EXPECT_THAT(bad_policy("faults: [ { percent: 1, delay: 2h } ]"), HasSubstr("from 1ms to 1h"));
  EXPECT_THAT(
      bad_policy("faults: [ { percent: 1, answer: " + std::string(64 * 1024 + 1, 'x') + " } ]"),
      HasSubstr("is longer than 64 KiB"));
  std::string many;
  for (int i = 0; i < 65; ++i) many += "{ percent: 1, abort: 503 },";
  EXPECT_THAT(bad_policy("faults: [ " + many + " ]"), HasSubstr("has more than 64 entries"));
}

}  // namespace
}  // namespace node
