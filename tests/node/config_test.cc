#include "node/config.h"

#include "node/config_agent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace node {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ConfigSources sources(Flags flags = {}, std::map<std::string, std::string> variables = {}) {
  return {
      std::move(flags),
      [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        if (found == variables.end()) return std::nullopt;
        return found->second;
      }};
}

NodeConfig good(const std::string& text, const ConfigSources& from = sources()) {
  auto config = parse_config(text, "parley.yaml", from);
  EXPECT_TRUE(config) << node::text(config.error());
  return config ? *config : NodeConfig{};
}

std::string bad(const std::string& text, const ConfigSources& from = sources()) {
  const auto config = parse_config(text, "parley.yaml", from);
  return config ? "accepted" : node::text(config.error());
}

constexpr const char* whole = R"(
node: { name: inventory-1, data: ./d, mesh: 0.0.0.0:7500, api: 127.0.0.1:7501, seeds: [10.0.0.1:7400, seed.example:7400] }
agent:
  url: http://127.0.0.1:9000
  roles: [processing]
  concurrency: 8
  health: { path: /healthz, interval: 10s, timeout: 2s }
  capabilities:
    - name: inventory.lookup
      description: Stock of a product in a warehouse
      examples: [how many red bicycles are left in Lyon]
      attributes: { warehouse: [A, B, C] }
      proficiency: expert
      version: 1.4.0
      cost: 0.002
      path: /lookup
      check: { nonEmpty: true, pattern: '"stock":\s*\d', schema: { type: object, required: [stock] } }
policies:
  - match: { capability: "inventory.*" }
    route: { policy: round_robin }
    retry: { attempts: 4, on: [unavailable] }
    timeout: { request: 5s }
)";

TEST(ConfigTest, ReadsAWholeFile) {
  const NodeConfig config = good(whole);
  EXPECT_EQ(config.name, "inventory-1");
  EXPECT_EQ(config.data, "./d");
  EXPECT_EQ(config.mesh.to_string(), "0.0.0.0:7500");
  EXPECT_THAT(config.seed_names(), ElementsAre("seed.example:7400"));
  ASSERT_EQ(config.seed_endpoints().size(), 1U);
  EXPECT_EQ(config.seed_endpoints()[0].to_string(), "10.0.0.1:7400");
  ASSERT_TRUE(config.agent);
  EXPECT_EQ(url_text(config.agent->url), "http://127.0.0.1:9000");
  EXPECT_EQ(config.agent->descriptor.concurrency, 8U);
  ASSERT_EQ(config.agent->descriptor.capabilities.size(), 1U);
  const mesh::Capability& capability = config.agent->descriptor.capabilities[0];
  EXPECT_EQ(capability.proficiency, mesh::Proficiency::expert);
  EXPECT_EQ(capability.cost_micros, 2'000);
  EXPECT_EQ(capability.version.minor, 4U);
  EXPECT_THAT(capability.attributes.at("warehouse"), ElementsAre("A", "B", "C"));
  ASSERT_EQ(config.policies.policies.size(), 1U);
  const mesh::Policy& policy = config.policies.policies[0];
  EXPECT_EQ(policy.capability, "inventory.*");
  EXPECT_EQ(policy.route, mesh::RoutePolicy::round_robin);
  EXPECT_EQ(policy.attempts, 4U);
  EXPECT_TRUE(policy.retry_on && policy.retry_on->has(mesh::RetryReason::unavailable));
  EXPECT_EQ(policy.request_timeout, base::Duration(std::chrono::seconds(5)));
  EXPECT_THAT(config.warnings, IsEmpty());
}

TEST(ConfigTest, WarnsOfCriteriaThatBelongToThePoliciesOfCallers) {
  const NodeConfig config =
      good("agent:\n  url: http://127.0.0.1:1\n  health: { criteria: [response_time] }\n");
  EXPECT_THAT(config.warnings, ElementsAre(HasSubstr("parley.yaml:3: agent.health.criteria: is not "
                                                     "acted on: who calls an agent judges it")));
}

TEST(ConfigTest, EmptyFileIsAllDefaults) {
  const NodeConfig config = good("");
  EXPECT_EQ(config.mesh.to_string(), "0.0.0.0:7400");
  EXPECT_EQ(config.api.to_string(), "127.0.0.1:7401");
  EXPECT_FALSE(config.agent);
}

TEST(ConfigTest, UnknownKeyNamesTheNearestKnownOne) {
  EXPECT_EQ(bad("agent:\n  url: http://127.0.0.1:1\n  capabilities:\n    - name: a.b\n"
                "      profficiency: expert\n"),
            "parley.yaml:5: agent.capabilities[0].profficiency: unknown key; did you mean "
            "\"proficiency\"?");
  EXPECT_THAT(bad("nodes: {}\n"), HasSubstr("did you mean \"node\"?"));
}

TEST(ConfigTest, TellsAllErrorsAtOnce) {
  const auto config = parse_config(
      "node: { mesh: nowhere, logLevel: wrning }\nagent: { url: ftp://x }\n"
      "policies:\n  - timeout: { request: soon }\n",
      "parley.yaml", sources());
  ASSERT_FALSE(config);
  const std::string all = text(config.error());
  EXPECT_EQ(config.error().size(), 4U);
  EXPECT_THAT(all, HasSubstr("parley.yaml:1: node.mesh: \"nowhere\" is no IP:PORT"));
  EXPECT_THAT(all, HasSubstr("node.logLevel: \"wrning\" is none of its words; did you mean "
                             "\"warning\"?"));
  EXPECT_THAT(all, HasSubstr("parley.yaml:2: agent.url: \"ftp://x\" is no URL"));
  EXPECT_THAT(all, HasSubstr("parley.yaml:4: policies[0].timeout.request: \"soon\" is no "
                             "duration"));
}

TEST(ConfigTest, TellsErrorsInTheOrderOfTheFile) {
  const auto config = parse_config(
      "policies:\n  - retry: { attempts: 0 }\nagent: { url: ftp://x }\nnode: { mesh: x }\n",
      "parley.yaml", sources());
  ASSERT_FALSE(config);
  std::vector<int> lines;
  for (const ConfigError& error : config.error()) lines.push_back(error.line);
  EXPECT_THAT(lines, ElementsAre(2, 3, 4));
}

TEST(ConfigTest, FlagBeatsVariableBeatsFile) {
  const std::string file = "node: { name: file, data: /file, genesis: /file }\n";
  const NodeConfig config =
      good(file, sources({{"name", {"flag"}}}, {{"PARLEY_NAME", "variable"},
                                                {"PARLEY_DATA", "/var"},
                                                {"PARLEY_LOG_LEVEL", "debug"}}));
  EXPECT_EQ(config.name, "flag");
  EXPECT_EQ(config.data, "/var");
  EXPECT_EQ(config.genesis, "/file");
  EXPECT_EQ(config.log_level, base::Severity::debug);
}

TEST(ConfigTest, FlagsAloneDescribeAnAgent) {
  const NodeConfig config = good("", sources({{"agent", {"http://127.0.0.1:9001"}},
                                              {"capability", {"text.summarize", "text.translate"}}},
                                             {{"PARLEY_SEED", "10.0.0.1:1, 10.0.0.2:2"}}));
  ASSERT_TRUE(config.agent);
  EXPECT_EQ(config.agent->descriptor.capabilities.size(), 2U);
  EXPECT_THAT(config.seeds, ElementsAre("10.0.0.1:1", "10.0.0.2:2"));
}

TEST(ConfigTest, WrongFlagsAndVariablesAreNamed) {
  EXPECT_THAT(bad("", sources({{"api", {"x"}}})), HasSubstr("--api: \"x\" is no IP:PORT"));
  EXPECT_THAT(bad("", sources({}, {{"PARLEY_LOG_LEVEL", "x"}})), HasSubstr("PARLEY_LOG_LEVEL: "));
  EXPECT_THAT(bad("", sources({{"capability", {"a.b"}}})), HasSubstr("needs an agent"));
  EXPECT_THAT(bad("", sources({{"advertise", {"0.0.0.0:1"}}})), HasSubstr("others can reach"));
}

// The file is read again at every change, on the thread that does everything else.
TEST(ConfigTest, LooksNoNameUp) {
  EXPECT_EQ(good("", sources({{"advertise", {"name.invalid:7400"}}})).advertise,
            "name.invalid:7400");
  EXPECT_THAT(bad("", sources({{"advertise", {"a b:7400"}}})), HasSubstr("is no HOST:PORT"));
}

TEST(ConfigTest, ReplacesVariablesInValues) {
  const std::string file = "node: { name: \"${NAME}-${ZONE:north}\" }\n";
  EXPECT_EQ(good(file, sources({}, {{"NAME", "a"}})).name, "a-north");
  EXPECT_EQ(good(file, sources({}, {{"NAME", "a"}, {"ZONE", "south"}})).name, "a-south");
  EXPECT_THAT(bad(file), HasSubstr("the variable NAME is not set"));
  EXPECT_THAT(bad("node: { name: \"${NAME\" }\n"), HasSubstr("has no }"));
}

TEST(ConfigTest, RefusesAliasBombsDepthAndLength) {
  EXPECT_THAT(bad("node: &a { name: x }\nagent: *a\n"), HasSubstr("aliases (*name) are not read"));
  EXPECT_THAT(bad(std::string(100, '[') + std::string(100, ']')), HasSubstr("nested too deeply"));
  EXPECT_THAT(bad(std::string(config_bytes_max + 1, '#')), HasSubstr("longer than 1 MiB"));
  EXPECT_THAT(bad("node: { name: a, name: b }\n"), HasSubstr("comes twice"));
  EXPECT_THAT(bad("node: [\n"), HasSubstr("is no YAML"));
  EXPECT_THAT(bad("hello\n"), HasSubstr("must be a block"));
}

TEST(ConfigTest, RefusesWhatIsNoUtf8) {
  EXPECT_EQ(bad("node: { name: a\x85 }"), "parley.yaml:1: is not a text in UTF-8");
}

TEST(ConfigTest, MissingFileIsNamed) {
  const auto config = load_config(sources({{"config", {"/nonexistent/parley.yaml"}}}));
  ASSERT_FALSE(config);
  EXPECT_THAT(text(config.error()), HasSubstr("/nonexistent/parley.yaml: cannot be read"));
}

TEST(ConfigTest, OnlyAgentAndPoliciesChangeWithoutARestart) {
  const NodeConfig running = good(whole);
  NodeConfig changed = running;
  changed.agent.reset();
  changed.policies.policies.clear();
  EXPECT_THAT(restart_keys(running, changed), IsEmpty());
  changed.name = "other";
  changed.api.port = 1;
  EXPECT_THAT(restart_keys(running, changed), ElementsAre("node.name", "node.api"));
}

TEST(AgentJsonTest, IsTheBlockOfTheFileAndBack) {
  const AgentConfig agent = *good(whole).agent;
  const auto again = parse_agent_json(agent_json(agent));
  ASSERT_TRUE(again) << again.error();
  EXPECT_EQ(*again, agent);
}

TEST(AgentCheckTest, KeepsTheTypesOfItsSchema) {
  const NodeConfig config = good(R"(
agent:
  url: http://127.0.0.1:9000
  capabilities:
    - name: a.b
      check:
        schema:
          type: object
          minProperties: 1
          properties:
            kind: { enum: [1, "1", 2.5, true, "true", null, plain] }
)");
  const auto& check = config.agent->descriptor.capabilities.at(0).check;
  ASSERT_TRUE(check);
  EXPECT_FALSE(check->non_empty);
  EXPECT_EQ(check->pattern, "");
  EXPECT_EQ(
      check->schema,
      R"({"minProperties":1,"properties":{"kind":{"enum":[1,"1",2.5,true,"true",null,"plain"]}},)"
      R"("type":"object"})");
}

TEST(AgentCheckTest, IsBoundedAndHasToMakeSense) {
  const auto refused = [](const std::string& check) {
    const auto agent = parse_agent_json(
        R"({"url":"http://a:1","capabilities":[{"name":"a.b","check":)" + check + "}]}");
    return agent ? "" : agent.error();
  };
  EXPECT_EQ(refused("{}"), "");
  EXPECT_THAT(refused(R"({"nonEmpty":"perhaps"})"), HasSubstr("check.nonEmpty: "));
  EXPECT_THAT(refused(R"({"schema":"{}"})"), HasSubstr("check.schema: must be a JSON Schema"));
  EXPECT_THAT(refused(R"({"pattern":")" + std::string(1'025, 'x') + "\"}"),
              HasSubstr("check.pattern: the pattern is longer than 1 KiB"));
  EXPECT_THAT(refused(R"({"schema":{"title":")" + std::string(16'384, 'x') + "\"}}"),
              HasSubstr("check.schema: the schema is longer than 16 KiB"));
  EXPECT_THAT(refused(R"({"pattern":"a("})"), HasSubstr("is no pattern of RE2"));
  EXPECT_THAT(refused(R"({"schema":{"type":"objekt"}})"), HasSubstr("none of the types of JSON"));
}

TEST(AgentJsonTest, NamesWhatIsWrong) {
  EXPECT_THAT(parse_agent_json("{").error(), HasSubstr("is no JSON"));
  EXPECT_THAT(parse_agent_json("[]").error(), HasSubstr("must be an object"));
  EXPECT_THAT(parse_agent_json("{}").error(), HasSubstr("agent.url: is missing"));
  EXPECT_THAT(parse_agent_json(R"({"url":"http://a:1","concurency":1})").error(),
              HasSubstr("did you mean \"concurrency\"?"));
}

TEST(AgentJsonTest, RefusesWhatIsTooLargeToBeToldToOthers) {
  std::string capabilities;
  for (int i = 0; i < 100; ++i) {
    capabilities += (i == 0 ? "" : ",") + ("{\"name\":\"c.n" + std::to_string(i)) +
                    "\",\"description\":\"" + std::string(1'000, 'd') + "\"}";
  }
  const auto agent =
      parse_agent_json("{\"url\":\"http://127.0.0.1:1\",\"capabilities\":[" + capabilities + "]}");
  ASSERT_FALSE(agent);
  EXPECT_THAT(agent.error(), HasSubstr("agent.capabilities: are too large together"));
}

// What is taken here is what other nodes take.
TEST(AgentJsonTest, NamesTheFieldThatIsTooLargeToBeToldToOthers) {
  const auto refused = [](const std::string& capability, const std::string& more = "") {
    const auto agent = parse_agent_json("{\"url\":\"http://a:1\"," + more +
                                        "\"capabilities\":[{\"name\":\"a.b\"" + capability + "}]}");
    return agent ? std::string() : agent.error();
  };
  const auto list = [](int count) {
    std::string out;
    for (int i = 0; i < count; ++i) out += (i == 0 ? "\"r" : ",\"r") + std::to_string(i) + "\"";
    return "[" + out + "]";
  };
  EXPECT_EQ(refused(",\"description\":\"" + std::string(1'024, 'd') + "\""), "");
  EXPECT_THAT(refused(",\"description\":\"" + std::string(1'025, 'd') + "\""),
              HasSubstr("agent.capabilities[0].description: is longer than 1024 bytes"));
  EXPECT_THAT(refused(",\"examples\":" + list(17)),
              HasSubstr("agent.capabilities[0].examples: has more than 16 entries"));
  EXPECT_THAT(refused(",\"attributes\":{\"region\":\"" + std::string(129, 'x') + "\"}"),
              HasSubstr("attributes.region: has a value longer than 128 bytes"));
  EXPECT_THAT(refused("", "\"roles\":" + list(33) + ","),
              HasSubstr("agent.roles: has more than 32 entries"));
}

TEST(AgentJsonTest, DoesNotReadVariablesOfTheProcess) {
  const auto agent = parse_agent_json(R"({"url":"http://a:1","roles":["${HOME}"]})");
  ASSERT_TRUE(agent);
  EXPECT_THAT(agent->descriptor.roles, ElementsAre("${HOME}"));
}

TEST(AgentJsonTest, RefusesDeepNesting) {
  EXPECT_THAT(parse_agent_json(std::string(100'000, '[')).error(), HasSubstr("nested too deeply"));
}

TEST(MicrosTest, AreExact) {
  EXPECT_EQ(parse_micros("0.002"), 2'000);
  EXPECT_EQ(parse_micros("12"), 12'000'000);
  EXPECT_EQ(parse_micros("0.000001"), 1);
  EXPECT_EQ(parse_micros("0.0000001"), std::nullopt);
  EXPECT_EQ(parse_micros("-1"), std::nullopt);
  EXPECT_EQ(parse_micros("1."), std::nullopt);
}

}  // namespace
}  // namespace node
