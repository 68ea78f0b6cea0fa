// Whole meshes in which agents fail, run.
#include "sim/headline/chains.h"
#include "sim/headline/fleet.h"
#include "sim/run.h"
#include "tests/sim/runs.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace sim {
namespace {

TEST(CallRunTest, AgentsAndPoliciesAreReadAsTheyAreWritten) {
  const Scenario scenario = parsed(
      "nodes 4\ncalls 10 from 5s every 10ms callers 1 depth 3 hard 200000 misjudged 1000 low 5\n"
      "agent nodes 1,2 service 20ms to 80ms capacity 3 sticky 5000 proficiency expert checked 1\n"
      "policy cap.* route cost tiers 950000 900000 700000 breaker 300000 5 10s 2s 1 attempts 4 "
      "budget 200000 retries_errors hedge 50ms fallback cap.1,cap.2 per_try 1s on_timeout escalate "
      "per_caller 2500000 3 adaptive 8\n");
  EXPECT_EQ(scenario.workload.depth, 3U);
  EXPECT_EQ(scenario.agents.at(0).sticky, 5'000U);
  EXPECT_EQ(scenario.policies.at(0).quality->never_below, 0.7);
  const auto again = Scenario::parse(scenario.to_text());
  ASSERT_TRUE(again.has_value()) << scenario.to_text();
  EXPECT_EQ(again.value(), scenario) << scenario.to_text();
}

// Three pools of 96, 91 and 65 %: the last gets nothing but probes, also when both others die.
TEST(CallRunTest, NobodyBelowTheLeastTierGetsMoreThanProbes) {
  const Scenario scenario = parsed(
      "nodes 4\ncalls 4000 from 5s every 20ms capabilities 1 providers 3 idempotent 1000000 "
      "deadline 5s callers 1\n"
      "agent nodes 0 quality 960000\nagent nodes 1 quality 910000\nagent nodes 2 quality 650000\n"
      "policy * route quality tiers 950000 900000 700000\n"
      "at 45s crash nodes 0\nat 50s crash nodes 1\nchaos_ends 90s\n");
  std::map<NodeIndex, std::uint64_t> asked;
  RunOptions options;
  options.attempted = [&](const AttemptStarted& started) { ++asked[started.to]; };
  const Outcome outcome = run(scenario, options);
  EXPECT_EQ(complaints(outcome), "");
  EXPECT_GT(asked[0], 1'000U);
  // One that showed what it is worth, and one each openFor of 30 s.
  EXPECT_LE(asked[2], 4U);
}

// A chain of depth five with ten seconds, whose agents are slow: the checker of deadlines looks on.
TEST(CallRunTest, NothingBeginsAfterTheEndOfAChain) {
  const Scenario scenario = parsed(
      "nodes 11\ncalls 300 from 6s every 100ms capabilities 5 providers 2 idempotent 1000000 "
      "deadline 10s callers 1 depth 5\n"
      "agent service 500ms to 4s slow 100000 slow_by 5 transient 50000\nchaos_ends 60s\n");
  const Outcome outcome = run(scenario);
  EXPECT_EQ(complaints(outcome), "");
  EXPECT_GT(outcome.coverage.count("refusal", "", "deadline_exceeded"), 0U);
}

// All agents slow down by ten for a while: attempts stay few, and calls are answered again after.
TEST(CallRunTest, ASlowMeshIsNotBuriedUnderRetries) {
  const Scenario scenario = parsed(
      "nodes 5\ncalls 6000 from 6s every 10ms capabilities 1 providers 4 idempotent 1000000 "
      "deadline 2s callers 1\nagent service 20ms to 80ms capacity 4 concurrency 0\n"
      "policy * per_try 200ms hedge 0s\n"
      "at 20s agent_slow nodes 0,1,2,3 for 20s amount 400\nchaos_ends 70s\n");
  std::uint64_t attempts = 0;
  std::uint64_t calls = 0;
  std::uint64_t good_after = 0;
  std::uint64_t after = 0;
  RunOptions options;
  options.attempted = [&](const AttemptStarted&) { ++attempts; };
  options.called = [&](const CallResult& result) {
    ++calls;
    if (result.issued < std::chrono::seconds(60)) return;
    ++after;
    if (result.good) ++good_after;
  };
  const Outcome outcome = run(scenario, options);
  EXPECT_EQ(complaints(outcome), "");
  EXPECT_LT(attempts, calls * 12 / 10);
  EXPECT_GE(good_after * 100, after * 99);
}

TEST(HeadlineTest, ChainsOfBadAgentsSurvive) {
  headline::ChainPlan plan;
  plan.chains = 1'000;
  plan.agent = headline::agent_of_95();
  plan.policy.attempts = 5;
  plan.policy.retry_on = mesh::RetryReasons::usual().add(mesh::RetryReason::application_error);
  plan.policy.hedge = mesh::HedgePolicy{.enabled = true, .after = std::nullopt};
  const headline::ChainResult bare = headline::run_bare(plan);
  EXPECT_NEAR(bare.success(), 0.5987, 0.05);
  const headline::ChainResult meshed = headline::run_chains(plan);
  EXPECT_EQ(meshed.chains, 1'000U);
  EXPECT_GE(meshed.success(), 0.995);
  EXPECT_LE(meshed.attempts_per_call(), 1.15);
}

}  // namespace
}  // namespace sim
