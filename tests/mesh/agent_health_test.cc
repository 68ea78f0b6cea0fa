#include "mesh/agent_health.h"

#include <gtest/gtest.h>

#include <chrono>

namespace mesh {
namespace {

using std::chrono::seconds;

class AgentHealthTest : public testing::Test {
 protected:
  AgentHealthTest() {
    AgentDescriptor agent;
    agent.health = {.path = "/healthz", .interval = seconds(10), .timeout = seconds(2)};
    health.on_agent(&agent, now);
  }
  // The next probe, answered with this status.
  void probe(std::optional<int> status) {
    now = health.next_deadline();
    const auto asked = health.on_time(options, now);
    ASSERT_TRUE(asked.has_value());
    health.on_probe(asked->probe, status, options);
  }

  const Options options;
  base::Instant now;
  AgentHealth health;
};

TEST_F(AgentHealthTest, AnsweringCallsDoesNotOutweighFailingProbes) {
  probe(500);
  health.on_reached();
  probe(500);
  EXPECT_EQ(health.condition(), AgentCondition::unhealthy);
}

TEST_F(AgentHealthTest, AnAnsweredCallEndsARunOfCallsThatFoundNobody) {
  health.on_unreachable(options, now);
  health.on_reached();
  health.on_unreachable(options, now);
  EXPECT_EQ(health.condition(), AgentCondition::healthy);
  health.on_unreachable(options, now);
  EXPECT_EQ(health.condition(), AgentCondition::unhealthy);
}

TEST_F(AgentHealthTest, AGoodProbeEndsARunOfBadOnes) {
  probe(500);
  probe(200);
  probe(std::nullopt);
  EXPECT_EQ(health.condition(), AgentCondition::healthy);
}

TEST_F(AgentHealthTest, RecoversByAProbeAndNotByACall) {
  probe(500);
  probe(500);
  health.on_reached();
  EXPECT_EQ(health.condition(), AgentCondition::unhealthy);
  probe(200);
  EXPECT_EQ(health.condition(), AgentCondition::healthy);
}

}  // namespace
}  // namespace mesh
