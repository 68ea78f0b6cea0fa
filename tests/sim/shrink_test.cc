#include "sim/shrink.h"

#include "sim/scenario_generator.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sim {
namespace {

// A planted failure: any crash of node 1 while at least 7 calls are made.
std::string planted(const Scenario& scenario) {
  const bool crash =
      std::any_of(scenario.faults.begin(), scenario.faults.end(), [](const Fault& fault) {
        return fault.kind == FaultKind::crash &&
               std::find(fault.nodes.begin(), fault.nodes.end(), 1U) != fault.nodes.end();
      });
  return crash && scenario.workload.calls >= 7 ? "planted" : "";
}

TEST(ShrinkTest, LeavesOnlyWhatTheFailureNeeds) {
  Scenario failing = make_scenario(Profile::all, 8, 3);
  failing.workload.calls = 200;
  failing.loss = 1'000;
  for (int i = 0; i < 5; ++i) {
    failing.faults.push_back({.at = std::chrono::seconds(5 + i),
                              .kind = FaultKind::crash,
                              .nodes = {1, 2, 3},
                              .towards = {},
                              .lasts = std::chrono::seconds(8)});
  }
  const Shrunk shrunk = shrink(failing, {.runs_max = 1'000, .stop = {}, .judge = planted});
  EXPECT_EQ(shrunk.checker, "planted");
  EXPECT_EQ(planted(shrunk.scenario), "planted");
  EXPECT_EQ(shrunk.scenario.faults.size(), 1U);
  EXPECT_EQ(shrunk.scenario.faults.front().nodes, std::vector<NodeIndex>{1});
  EXPECT_EQ(shrunk.scenario.nodes, 2U);
  EXPECT_LE(shrunk.scenario.workload.calls, 13U);
  EXPECT_EQ(shrunk.scenario.loss, 0U);
  EXPECT_TRUE(shrunk.scenario.adversaries.empty());
  EXPECT_LT(shrunk.runs, 200U);
  EXPECT_TRUE(Scenario::parse(shrunk.scenario.to_text()).has_value());
}

TEST(ShrinkTest, LeavesAScenarioThatDoesNotFailAsItIs) {
  const Scenario fine = make_scenario(Profile::all, 0, 3);
  const Shrunk shrunk = shrink(fine, {.judge = [](const Scenario&) { return std::string(); }});
  EXPECT_TRUE(shrunk.checker.empty());
  EXPECT_EQ(shrunk.scenario, fine);
  EXPECT_EQ(shrunk.runs, 1U);
}

TEST(ShrinkTest, DoesNotTradeOneFailureForAnother) {
  Scenario failing;
  failing.workload.calls = 64;
  const auto judge = [](const Scenario& scenario) {
    return std::string(scenario.workload.calls >= 10 ? "many" : "few");
  };
  const Shrunk shrunk = shrink(failing, {.judge = judge});
  EXPECT_EQ(shrunk.checker, "many");
  EXPECT_GE(shrunk.scenario.workload.calls, 10U);
}

TEST(ShrinkTest, StopsWhenTold) {
  Scenario failing;
  failing.workload.calls = 64;
  const Shrunk shrunk = shrink(
      failing, {.stop = [] { return true; }, .judge = [](const Scenario&) { return "always"; }});
  EXPECT_EQ(shrunk.scenario, failing);
}

}  // namespace
}  // namespace sim
