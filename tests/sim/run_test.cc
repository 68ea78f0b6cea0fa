// Whole meshes, run.
#include "sim/run.h"

#include "sim/scenario_generator.h"
#include "sim/swarm.h"
#include "tests/sim/runs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace sim {
namespace {

using std::chrono::seconds;

const std::filesystem::path source = PARLEY_SOURCE_FOLDER;

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

Scenario parsed_whole(std::string_view text) {
  auto scenario = Scenario::parse(text);
  EXPECT_TRUE(scenario.has_value()) << scenario.error().line << ": " << scenario.error().text;
  return scenario ? scenario.value() : Scenario{};
}

TEST(RunTest, TheSameScenarioIsTheSameRun) {
  for (const std::uint64_t seed : {1U, 2U, 3U, 5U, 8U}) {
    const Scenario scenario = make_scenario(Profile::all, 0, seed);
    EXPECT_EQ(run(scenario).digest, run(scenario).digest) << seed;
  }
  EXPECT_NE(run(make_scenario(Profile::all, 0, 1)).digest,
            run(make_scenario(Profile::all, 0, 2)).digest);
}

TEST(RunTest, ASwarmSeesAScenarioThatRunsInTwoWays) {
  SwarmOptions options{.profile = Profile::calm, .nodes = 3, .seeds_max = 1, .twice = true};
  EXPECT_EQ(swarm(options).violations, 0U);
  options.run = [runs = 0U](Scenario scenario) mutable {
    scenario.seed += runs++;
    return run(scenario);
  };
  const SwarmReport report = swarm(options);
  ASSERT_EQ(report.violations, 1U);
  EXPECT_EQ(report.first_violations.front().checker, "determinism");
}

class SwarmTest : public ::testing::TestWithParam<Profile> {};

TEST_P(SwarmTest, FiftySeedsHoldEveryProperty) {
  const SwarmReport report = swarm({.profile = GetParam(), .seeds_max = 50});
  EXPECT_EQ(report.runs, 50U);
  for (std::size_t i = 0; i < report.failing_seeds.size(); ++i) {
    ADD_FAILURE() << "seed " << report.failing_seeds[i] << ": "
                  << report.first_violations[i].checker << ": " << report.first_violations[i].text;
  }
  EXPECT_GT(report.coverage.count("milestone", "", "settled"), 40U);
}

INSTANTIATE_TEST_SUITE_P(Profiles, SwarmTest,
                         ::testing::Values(Profile::gossip, Profile::calls, Profile::all),
                         [](const auto& profile) { return std::string(to_string(profile.param)); });

TEST(RunTest, ACalmMeshConvergesAndNoticesACrash) {
  Scenario scenario = make_scenario(Profile::calm, 24, 1);
  scenario.faults = {{.at = seconds(20), .kind = FaultKind::crash, .nodes = {7}, .towards = {}}};
  const Outcome outcome = run(scenario);
  EXPECT_EQ(complaints(outcome), "");
  ASSERT_TRUE(outcome.figures.first_convergence.has_value());
  EXPECT_LT(*outcome.figures.first_convergence, seconds(10));
  ASSERT_TRUE(outcome.figures.slowest_detection.has_value());
  EXPECT_LE(*outcome.figures.slowest_detection, seconds(6));
  EXPECT_EQ(outcome.figures.deaths, 1U);
  EXPECT_EQ(outcome.figures.false_deaths, 0U);
}

TEST(RunTest, EveryAdversaryIsSurvived) {
  for (const char* kind : {"forger", "replayer", "false_accuser", "flooder", "eclipser",
                           "load_liar", "observation_liar"}) {
    const Scenario scenario = parsed(
        "parley-scenario 1\nnodes 10\nseeds 3\njoin_gap 100ms\n"
        "at 12s crash nodes 8 for 6s\nat 16s late_start nodes 7\nchaos_ends 30s\n"
        "adversary " +
        std::string(kind) + " nodes 1,2 at 5s\n");
    const Outcome outcome = run(scenario);
    EXPECT_EQ(complaints(outcome), "") << kind;
    EXPECT_EQ(outcome.figures.false_deaths, 0U) << kind;
    EXPECT_EQ(outcome.coverage.count("adversary", "", kind), 2U);
  }
}

// Three of ten lie in their reports, and praise each other. All ten call what four offer, of whom
// one is honest and good, one honest and bad, and two are liars.
TEST(RunTest, FewerLiarsThanAThirdMoveNoOpinionBeyondWhatHonestOnesSaw) {
  const auto text = [](std::string_view adversary) {
    return "parley-scenario 1\nseed 3\nnodes 10\nseeds 3\n"
           "calls 6000 from 5s every 25ms capabilities 1 providers 4 idempotent 1000000 "
           "deadline 5s\n"
           "at 6s agent_flaky nodes 1 amount 600000 for 170s\n" +
           std::string(adversary) + "chaos_ends 180s\n";
  };
  const Outcome lied_to = run(parsed(text("adversary observation_liar nodes 2,3,9 at 1s\n")));
  EXPECT_EQ(complaints(lied_to), "");
  EXPECT_EQ(lied_to.coverage.count("adversary", "", "observation_liar"), 3U);
  // Opinions were held, and by enough authors to be sure of.
  EXPECT_GT(lied_to.coverage.count("milestone", "", "opinion_of_many"), 100U);
  const Outcome again = run(parsed(text("adversary observation_liar nodes 2,3,9 at 1s\n")));
  EXPECT_EQ(again.digest, lied_to.digest);
  EXPECT_EQ(complaints(run(parsed(text("")))), "");
}

TEST(RunTest, ACallOfAKilledProviderIsAnsweredByTheOther) {
  const Scenario scenario = parsed(
      "parley-scenario 1\nnodes 5\ncalls 1000 from 5s every 10ms capabilities 1 providers 2 "
      "idempotent 1000000 deadline 5s\nat 10s crash nodes 1\nchaos_ends 30s\n");
  const Outcome outcome = run(scenario);
  EXPECT_EQ(complaints(outcome), "");
  // Some callers hang up, some sit beside the killed node; nobody else notices.
  EXPECT_GT(outcome.figures.calls, 800U);
  EXPECT_GT(outcome.figures.calls_succeeded * 100, outcome.figures.calls * 96);
}

TEST(RegressionTest, NoneComesBack) {
  for (const auto& entry : std::filesystem::directory_iterator(source / "sim" / "regressions")) {
    if (entry.path().extension() != ".scenario") continue;
    EXPECT_EQ(complaints(run(parsed_whole(read(entry.path())))), "") << entry.path();
  }
}

// A golden transcript is a scenario and what is told of its run. UPDATE_GOLDEN=1 writes it anew.
TEST(GoldenTest, TheStoriesAreStillTheSame) {
  for (const char* name :
       {"killed_node", "refuted_suspicion", "partition_heals", "graceful_leave"}) {
    const std::filesystem::path folder = source / "tests" / "golden";
    const Scenario scenario = parsed_whole(read(folder / (std::string(name) + ".scenario")));
    const Outcome outcome = run(scenario, {.trace = true, .progress = {}});
    EXPECT_EQ(complaints(outcome), "") << name;
    const std::filesystem::path golden = folder / (std::string(name) + ".txt");
    if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(golden) << outcome.trace;
    EXPECT_EQ(outcome.trace, read(golden)) << name << ": UPDATE_GOLDEN=1 if this is meant";
  }
}

}  // namespace
}  // namespace sim
