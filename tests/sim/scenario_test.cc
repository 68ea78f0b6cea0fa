#include "sim/scenario.h"

#include "sim/scenario_generator.h"

#include <gtest/gtest.h>

#include <set>

namespace sim {
namespace {

TEST(ScenarioTest, ItsTextSaysEverything) {
  for (const Profile profile :
       {Profile::calm, Profile::gossip, Profile::calls, Profile::decisions, Profile::all}) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
      const Scenario scenario = make_scenario(profile, 0, seed);
      const auto again = Scenario::parse(scenario.to_text());
      ASSERT_TRUE(again.has_value()) << scenario.to_text() << again.error().text;
      EXPECT_EQ(again.value(), scenario) << scenario.to_text();
    }
  }
}

TEST(ScenarioTest, ReadsWhatAPersonWrites) {
  const auto scenario = Scenario::parse(
      "# two islands\n"
      "parley-scenario 1\n"
      "nodes 4   # enough\n"
      "\n"
      "  at 7s one_way nodes 0,1 towards 3 for 1500ms amount -5\n"
      "at 3s crash nodes 2\n"
      "adversary forger nodes 1 at 2s\r\n"
      "latency 250us to 3ms\n");
  ASSERT_TRUE(scenario.has_value()) << scenario.error().text;
  const Scenario& read = scenario.value();
  EXPECT_EQ(read.nodes, 4U);
  EXPECT_EQ(read.latency_min, std::chrono::microseconds(250));
  ASSERT_EQ(read.faults.size(), 2U);
  EXPECT_EQ(read.faults[0].kind, FaultKind::crash) << "faults are in the order of time";
  EXPECT_EQ(read.faults[1].towards, std::vector<NodeIndex>{3});
  EXPECT_EQ(read.faults[1].amount, -5);
  ASSERT_EQ(read.adversaries.size(), 1U);
}

TEST(ScenarioTest, SaysInWhichLineItIsWrong) {
  struct Case {
    const char* text;
    std::uint32_t line;
  };
  for (const Case& wrong : {Case{"", 1}, Case{"seed 1\n", 1}, Case{"parley-scenario 2\n", 1},
                            Case{"parley-scenario 1\nnodes x\n", 2},
                            Case{"parley-scenario 1\n\nat 3s crahs nodes 1\n", 3},
                            Case{"parley-scenario 1\nseed 1 2\n", 2},
                            Case{"parley-scenario 1\nnodes 2\nat 1s crash nodes 2\n", 4},
                            Case{"parley-scenario 1\nlatency 1.5us to 1ms\n", 2},
                            Case{"parley-scenario 1\nlatency 5ms to 1ms\n", 3},
                            Case{"parley-scenario 1\nproposals 1 from 5s every 1s\n", 3}}) {
    const auto scenario = Scenario::parse(wrong.text);
    ASSERT_FALSE(scenario.has_value()) << wrong.text;
    EXPECT_EQ(scenario.error().line, wrong.line) << wrong.text << scenario.error().text;
  }
}

TEST(ScenarioGeneratorTest, TheSameSeedMakesTheSameScenarioAndAnotherMakesAnother) {
  EXPECT_EQ(make_scenario(Profile::all, 0, 7), make_scenario(Profile::all, 0, 7));
  EXPECT_NE(make_scenario(Profile::all, 0, 7), make_scenario(Profile::all, 0, 8));
  EXPECT_EQ(make_scenario(Profile::gossip, 9, 7).nodes, 9U);
}

TEST(ScenarioGeneratorTest, DrawsEveryKindOfFaultAndAdversary) {
  std::set<FaultKind> faults;
  std::set<AdversaryKind> adversaries;
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    const Scenario scenario = make_scenario(Profile::all, 0, seed);
    for (const Fault& fault : scenario.faults) faults.insert(fault.kind);
    for (const AdversaryChoice& choice : scenario.adversaries) adversaries.insert(choice.kind);
  }
  EXPECT_EQ(faults.size(), 27U);
  EXPECT_EQ(adversaries.size(), 7U);
}

}  // namespace
}  // namespace sim
