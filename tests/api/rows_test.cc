#include "api/rows.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace api {
namespace {

using nlohmann::json;

base::NodeId node(std::uint8_t first) {
  base::NodeId id;
  id.bytes[0] = std::byte{first};
  return id;
}

gossip::Member member(const base::NodeId& id, const std::string& name) {
  gossip::Member member;
  member.record.record.subject = id;
  member.record.record.name = name;
  member.record.record.version = {7, 3};
  member.record.record.endpoint = *base::Endpoint::parse("10.0.0.1:7400");
  member.record.record.load = {.in_flight = 2, .concurrency = 8, .latency_micros = 1'500};
  member.state = gossip::MemberState::at_capacity;
  member.since = base::Instant() + std::chrono::seconds(5);
  return member;
}

mesh::Provider provider(const std::string& name) {
  mesh::Capability capability;
  capability.name = "inventory.lookup";
  capability.attributes = {{"warehouse", {"A", "B"}}};
  capability.proficiency = mesh::Proficiency::expert;
  capability.version = {1, 4, 0};
  capability.cost_micros = 2'000;
  mesh::AgentDescriptor descriptor;
  descriptor.roles = {"processing"};
  descriptor.capabilities = {capability};
  mesh::Provider provider;
  provider.name = name;
  provider.descriptor = std::make_shared<const mesh::AgentDescriptor>(descriptor);
  return provider;
}

TEST(RowsTest, ShowsAMemberAsItsRecordAndThisNodesViewSay) {
  const std::map<base::NodeId, gossip::Member> members{{node(1), member(node(1), "a")}};
  const json rows =
      json::parse(member_rows(members, node(1), base::Instant() + std::chrono::seconds(65)));
  EXPECT_EQ(rows,
            json::array({{{"id", node(1).hex()},
                          {"name", "a"},
                          {"state", "at_capacity"},
                          {"address", "10.0.0.1:7400"},
                          {"version", "7.3"},
                          {"since_seconds", 60.0},
                          {"load", {{"in_flight", 2}, {"concurrency", 8}, {"latency_ms", 1.5}}},
                          {"agent", false},
                          {"degraded", false},
                          {"rtt_ms", nullptr},
                          {"self", true}}}));
}

TEST(RowsTest, StaysJsonWhateverAMemberCallsItself) {
  const std::map<base::NodeId, gossip::Member> members{{node(1), member(node(1), "\xff\"<\n")}};
  EXPECT_TRUE(json::accept(member_rows(members, node(2), base::Instant())));
}

TEST(RowsTest, ShowsEachOfferOfACapability) {
  mesh::Catalogue catalogue;
  catalogue.put(node(1), provider("a"));
  catalogue.put(node(2), provider("b"));
  const json rows = json::parse(capability_rows(catalogue));
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0], (json{{"name", "inventory.lookup"},
                           {"agent", "a"},
                           {"node", node(1).hex()},
                           {"version", "1.4.0"},
                           {"proficiency", "expert"},
                           {"state", "serving"},
                           {"cost", 0.002},
                           {"attributes", {{"warehouse", {"A", "B"}}}},
                           {"description", ""},
                           {"examples", json::array()}}));
  EXPECT_EQ(rows[1]["agent"], "b");
}

TEST(RowsTest, ShowsAgentsButNoNodesWithoutOne) {
  mesh::Catalogue catalogue;
  catalogue.put(node(1), provider("a"));
  mesh::Provider bare;
  bare.name = "b";
  catalogue.put(node(2), bare);
  const json rows = json::parse(agent_rows(catalogue, node(1)));
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0]["name"], "a");
  EXPECT_EQ(rows[0]["capabilities"], json({"inventory.lookup"}));
  EXPECT_EQ(rows[0]["self"], true);
  EXPECT_EQ(rows[0]["load"]["concurrency"], nullptr);
}

TEST(RowsTest, SaysWhyARouteIsNotChosen) {
  mesh::RouteExplanation route;
  route.node = node(1);
  route.name = "a";
  route.verdict = mesh::RouteVerdict::excluded;
  route.reasons = {"draining"};
  const json rows = json::parse(route_rows({route}));
  EXPECT_EQ(rows[0]["verdict"], "excluded");
  EXPECT_EQ(rows[0]["reasons"], json({"draining"}));
}

}  // namespace
}  // namespace api
