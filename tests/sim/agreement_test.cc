#include "sim/agreement/fuzzer.h"
#include "sim/agreement/register.h"
#include "sim/agreement/swarm.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace sim::agreement {
namespace {

TEST(AgreementSwarmTest, FindsNoViolationAndEverybodySettles) {
  SwarmOptions options;
  options.seeds_max = 25;
  const SwarmReport report = swarm(options);
  EXPECT_EQ(report.violations, 0U)
      << report.failing_seeds.front() << ": " << report.first_violations.front().checker << ": "
      << report.first_violations.front().text;
  EXPECT_GT(report.sum.views, 25U * 20);
  EXPECT_GT(report.sum.epochs, 10U);
  EXPECT_GT(report.sum.evidence, 50U);
}

TEST(AgreementSwarmTest, RunsASeedTheSameWayTwice) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const RunResult once = run_seed(seed, {});
    const RunResult again = run_seed(seed, {});
    EXPECT_EQ(once.digest, again.digest) << seed;
    EXPECT_EQ(once.figures.events, again.figures.events) << seed;
  }
  EXPECT_NE(run_seed(1, {}).digest, run_seed(2, {}).digest);
}

TEST(AgreementSwarmTest, TellsItsStoryToWhoAsks) {
  EXPECT_EQ(run_seed(1, {}).trace, "");
  const RunResult told = run_seed(1, {.trace = true});
  EXPECT_EQ(told.digest, run_seed(1, {}).digest);
  EXPECT_NE(told.trace.find(" notarize of view "), std::string::npos);
  EXPECT_NE(told.trace.find("; e"), std::string::npos);
}

TEST(AgreementSwarmTest, I23SeesASeedThatRunsInTwoWays) {
  SwarmOptions options;
  options.seeds_max = 1;
  options.twice = true;
  EXPECT_EQ(swarm(options).violations, 0U);
  std::uint64_t runs = 0;
  options.run = [&](std::uint64_t seed, const PlanOptions& plan) {
    return run_seed(seed + runs++, plan);
  };
  const SwarmReport report = swarm(options);
  ASSERT_EQ(report.violations, 1U);
  EXPECT_EQ(report.first_violations.front().checker, "I23 determinism");
}

TEST(AgreementSwarmTest, L8LooksAtWhatIsProposedWhereNobodyIsFaulty) {
  for (const std::uint32_t members : {4U, 7U}) {
    Plan plan;
    plan.seed = members;
    plan.members = plan.identities = members;
    plan.chaos_ends = std::chrono::milliseconds(500);
    plan.latency_max = std::chrono::milliseconds(20);
    plan.sync_max = std::chrono::milliseconds(1);
    for (std::uint32_t i = 0; i < 100; ++i) {
      RegisterOp op;
      op.author = static_cast<std::uint8_t>(i % 4);
      op.sequence = 1U + i / 4U;
      plan.submissions.push_back(
          {.at = std::chrono::milliseconds(4'000 + 30 * i), .op = op.bytes(), .to = {i % members}});
    }
    World world(plan);
    const RunResult result = world.run();
    EXPECT_TRUE(result.violations.empty()) << result.violations.front().text;
    EXPECT_GT(result.figures.prompt, 40U);
  }
}

// Two of four members never come back.
std::string first_violation_without_a_quorum(base::Duration patience) {
  Plan plan = make_plan(1, {.members = 4});
  plan.liars.clear();
  plan.dead = {0, 1};
  plan.patience = patience;
  World world(plan);
  const RunResult result = world.run();
  return result.violations.empty() ? "" : result.violations.front().checker;
}

TEST(AgreementSwarmTest, L1SeesAMeshThatHasNoQuorum) {
  const std::string found = first_violation_without_a_quorum(std::chrono::seconds(120));
  EXPECT_TRUE(found == "L1 liveness" || found == "L2 progress") << found;
}

TEST(AgreementSwarmTest, L6SeesAMeshThatDoesNotSettle) {
  EXPECT_EQ(first_violation_without_a_quorum(std::chrono::seconds(2)), "L6 settled");
}

TEST(AgreementSwarmTest, HoldsAtEverySizeOfACommittee) {
  for (const std::uint32_t members : {1U, 2U, 3U, 5U, 6U, 13U}) {
    for (std::uint64_t seed = 1; seed <= 2; ++seed) {
      const RunResult result = run_seed(seed, {.members = members});
      EXPECT_TRUE(result.violations.empty())
          << members << " members, seed " << seed << ": " << result.violations.front().text;
    }
  }
}

// Its slowest clock loses so much that timers fire before they are due: each was armed twice then.
TEST(AgreementSwarmTest, KeepsOneTimerForEachNode) {
  const RunResult result = run_seed(30020190, {});
  EXPECT_TRUE(result.violations.empty()) << result.violations.front().text;
  EXPECT_LT(result.figures.events, 1'000'000U);
}

class VillainyTest : public testing::TestWithParam<Villainy> {};

// As many liars as there may be, all of them of one kind.
TEST_P(VillainyTest, BreaksNothing) {
  SwarmOptions options;
  options.first_seed = 500;
  options.seeds_max = 4;
  options.plan.ways = {GetParam()};
  const SwarmReport report = swarm(options);
  EXPECT_EQ(report.violations, 0U)
      << report.failing_seeds.front() << ": " << report.first_violations.front().text;
}

INSTANTIATE_TEST_SUITE_P(OfEachKind, VillainyTest,
                         testing::Values(Villainy::hider, Villainy::byte_mutator,
                                         Villainy::hint_liar, Villainy::op_flooder,
                                         Villainy::old_member, Villainy::never_starts));

// Two views of a mesh with a twin, every split and every role of it: a part here, all three views
// with `parley sim swarm --profile twins`.
TEST(TwinsTest, NoSplitOfTwoViewsForksTheLog) {
  SwarmOptions options;
  options.first_seed = 0;
  options.seeds_max = twins_plans(2);
  options.plan.twins_views = 2;
  const SwarmReport report = swarm(options);
  EXPECT_EQ(report.runs, 1024U);
  EXPECT_EQ(report.violations, 0U)
      << report.failing_seeds.front() << ": " << report.first_violations.front().text;
  EXPECT_GT(report.sum.evidence, 0U);
}

TEST(TwinsTest, SomeSplitShowsThatFinalizeAfterNullifyIsWrong) {
  SwarmOptions options;
  options.first_seed = 0;
  options.seeds_max = twins_plans(2);
  options.stop_at_first = true;
  options.plan.twins_views = 2;
  options.plan.weakness = consensus::Weakness::finalize_after_nullify;
  EXPECT_GT(swarm(options).violations, 0U);
}

// B28: schedules and lies out of bytes, the more interesting ones kept.
TEST(FuzzerTest, FindsNoViolationAndEverNewSituations) {
  const std::vector<Villainy> ways{Villainy::hider, Villainy::double_voter};
  const SearchReport report = fuzz(1, 40, ways);
  EXPECT_TRUE(report.violations.empty()) << report.violations.front().text;
  EXPECT_GT(report.kept, 10U);
  EXPECT_GT(report.situations, fuzz(1, 1, ways).situations);
}

TEST(FuzzerTest, FindsALeaderThatSkipsViewsWithoutProofAndFindsItAgain) {
  const std::vector<Villainy> ways{Villainy::hider};
  const auto weakness = consensus::Weakness::skips_without_proof;
  const SearchReport report = fuzz(1, 200, ways, weakness);
  ASSERT_FALSE(report.violations.empty());
  EXPECT_EQ(run_choices(report.failing, ways, weakness).violations, report.violations);
  EXPECT_TRUE(run_choices(report.failing, ways).violations.empty());
}

// The checkers bite: with a rule switched off, the swarm finds what the rule is there for.
class WeakenedSwarmTest : public testing::Test {
 protected:
  // The name of the invariant that is violated first.
  static std::string first_violation(consensus::Weakness weakness, std::uint64_t first_seed,
                                     std::uint64_t seeds, std::vector<Villainy> ways = {}) {
    SwarmOptions options;
    options.plan.ways = std::move(ways);
    options.first_seed = first_seed;
    options.seeds_max = seeds;
    options.stop_at_first = true;
    options.plan.weakness = weakness;
    const SwarmReport report = swarm(options);
    return report.first_violations.empty() ? "" : report.first_violations.front().checker;
  }
};

TEST_F(WeakenedSwarmTest, FindsTwoCertificatesOfOneViewWhenQuorumsAreSmall) {
  for (const Villainy way : {Villainy::equivocator, Villainy::double_voter}) {
    const std::string found = first_violation(consensus::Weakness::small_quorum, 1, 20, {way});
    EXPECT_TRUE(found.starts_with("I1")) << found;
  }
}
TEST_F(WeakenedSwarmTest, FindsDoubleVotesWhenTheGuardForgets) {
  EXPECT_NE(first_violation(consensus::Weakness::guard_forgets, 1, 20), "");
}
TEST_F(WeakenedSwarmTest, FindsDoubleVotesOfARestoredCopyWithoutTheEchoCheck) {
  EXPECT_NE(first_violation(consensus::Weakness::no_echo_check, 505, 10), "");
}
// Blocks that stand on certificates which no disk and no message has. The dead end that they lead
// to is played by hand in directed_test.cc (D6).
TEST_F(WeakenedSwarmTest, FindsCertificatesThatAreNotInTheLog) {
  EXPECT_EQ(first_violation(consensus::Weakness::certificates_not_kept, 1, 20), "I13 ancestry");
}
TEST_F(WeakenedSwarmTest, FindsNotarizeAfterNullify) {
  EXPECT_EQ(first_violation(consensus::Weakness::notarize_after_nullify, 1, 20),
            "I3 notarize after nullify");
}
TEST_F(WeakenedSwarmTest, FindsFinalizeAfterNullify) {
  EXPECT_NE(first_violation(consensus::Weakness::finalize_after_nullify, 1, 20), "");
}
// A leader that builds on an older block, while a finalization is known to one node alone.
TEST_F(WeakenedSwarmTest, FindsTheForkOfALeaderThatSkipsViewsWithoutProof) {
  EXPECT_NE(first_violation(consensus::Weakness::skips_without_proof, 1, 20, {Villainy::hider}),
            "");
  EXPECT_EQ(first_violation(consensus::Weakness::none, 1, 20, {Villainy::hider}), "");
}
TEST_F(WeakenedSwarmTest, FindsVotesThatLeaveBeforeTheLogIsDurable) {
  EXPECT_EQ(first_violation(consensus::Weakness::vote_before_durable, 1, 3), "I4 barrier");
}

}  // namespace
}  // namespace sim::agreement
