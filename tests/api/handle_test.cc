#include "api/handle.h"

#include "api/metrics.h"
#include "crypto/identity.h"
#include "node/kernel/kernel.h"
#include "tests/api/plain_shell.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>

namespace api {
namespace {

using nlohmann::json;
using std::chrono::seconds;

crypto::Identity identity() {
  crypto::Seed seed;
  seed.bytes.fill(std::byte{7});
  return crypto::Identity::from_seed(seed);
}

kernel::Options options() {
  kernel::Options options;
  options.name = "a";
  options.advertise = *base::Endpoint::parse("127.0.0.1:7400");
  return options;
}

mesh::AgentDescriptor descriptor(const std::string& capability) {
  mesh::AgentDescriptor descriptor;
  descriptor.capabilities.emplace_back().name = capability;
  return descriptor;
}

// One real node that is alone in its mesh, with an agent.
class HandleTest : public testing::Test {
 protected:
  HandleTest() : kernel_(options(), identity(), {}, base::Rng(1)) {
    feed(kernel::Started{});
    feed(kernel::AgentConfigured{descriptor("a.b")});
    for (int second = 1; second <= 10; ++second) {
      now_ = base::Instant() + seconds(second);
      feed(kernel::TimePassed{});
    }
  }

  void feed(kernel::Input input) {
    kernel::Effects effects;
    kernel_.handle(std::move(input), now_, effects);
  }

  View view() { return shell_.view(kernel_, now_); }

  Response send(const std::string& method, const std::string& path, const std::string& body = "",
                const std::string& query = "") {
    return handle(view(), {.method = method,
                           .path = path,
                           .query = query,
                           .authority = "127.0.0.1:7401",
                           .headers = {},
                           .body = body});
  }
  json get(const std::string& path) { return json::parse(send("GET", path).body); }

  base::Instant now_;
  kernel::Kernel kernel_;
  PlainShell shell_{
      .agent_block = R"({"url":"http://127.0.0.1:9000","capabilities":[{"name":"a.b"}]})",
      .parse_agent = [](std::string_view text) -> base::Result<ParsedAgent, std::string> {
        const json block = json::parse(text);
        if (!block.contains("url")) return base::Unexpected{std::string("url is missing")};
        return ParsedAgent{block["url"], descriptor(block["capabilities"][0]["name"])};
      }};
};

TEST_F(HandleTest, ShowsItselfAsAServingMember) {
  const json rows = get("/v1/members");
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0]["id"], identity().id().hex());
  EXPECT_EQ(rows[0]["name"], "a");
  EXPECT_EQ(rows[0]["state"], "serving");
  EXPECT_EQ(rows[0]["address"], "127.0.0.1:7400");
  EXPECT_EQ(rows[0]["self"], true);
}

TEST_F(HandleTest, ShowsWhatItsAgentOffersAndWhereACallWouldGo) {
  EXPECT_EQ(get("/v1/capabilities")[0]["name"], "a.b");
  EXPECT_EQ(get("/v1/agents")[0]["capabilities"], json({"a.b"}));
  const json routes = get("/v1/routes/a.b");
  ASSERT_EQ(routes.size(), 1U);
  EXPECT_EQ(routes[0]["verdict"], "chosen");
  EXPECT_EQ(get("/v1/routes/nobody.has.this"), json::array());
  EXPECT_EQ(send("GET", "/v1/routes/not%20a%20name").status, 400);
  EXPECT_EQ(get("/v1/breakers"), json::array());
}

TEST_F(HandleTest, DescribesTheNodeInOneObject) {
  const json node = get("/v1/node");
  EXPECT_EQ(node["id"], identity().id().hex());
  EXPECT_EQ(node["version"], "1.2.3");
  EXPECT_EQ(node["uptime_seconds"], 10.0);
  EXPECT_EQ(node["ready"], true);
  EXPECT_EQ(node["members"], json({{"serving", 1}}));
}

bool is_of_validators(std::string_view path) {
  for (const std::string_view each : {"/v1/proposals", "/v1/decisions", "/v1/proofs", "/v1/ballots",
                                      "/v1/documents", "/v1/agreement", "/v1/invitations"}) {
    if (path.starts_with(each)) return true;
  }
  return false;
}

TEST_F(HandleTest, SaysThatNobodyDecidesInAMeshWithoutValidators) {
  for (const Resource& resource : resources()) {
    if (!is_of_validators(resource.path)) continue;
    const Response response = send(std::string(resource.method), std::string(resource.path), "{}");
    EXPECT_EQ(response.status, 404) << resource.path;
    EXPECT_NE(response.body.find("no validators"), std::string::npos) << resource.path;
  }
}

TEST_F(HandleTest, AnswersEveryResourceInItsTable) {
  for (const Resource& resource : resources()) {
    std::string path(resource.path);
    if (const auto brace = path.find('{'); brace != std::string::npos)
      path.replace(brace, 99, "a.b");
    std::string body;
    if (path == "/v1/agent") body = shell_.agent_block;
    if (path == "/v1/join") body = R"({"seed":"10.0.0.1:7400"})";
    if (path == "/v1/feedback") continue;             // there was no call yet, see below
    if (path.starts_with("/v1/deferred/")) continue;  // nor one that was kept
    if (is_of_validators(path)) continue;             // and nobody decides here
    const int status = send(std::string(resource.method), path, body).status;
    EXPECT_TRUE(status >= 200 && status < 300) << resource.method << " " << path << " " << status;
  }
}

TEST_F(HandleTest, RefusesAForeignHostBeforeAnythingElse) {
  const Response response = handle(view(), {.method = "POST",
                                            .path = "/v1/leave",
                                            .query = {},
                                            .authority = "evil.example",
                                            .headers = {},
                                            .body = {}});
  EXPECT_EQ(response.status, 403);
  EXPECT_TRUE(response.commands.empty());
}

TEST_F(HandleTest, NamesTheNearestPathToAnUnknownOne) {
  const Response response = send("GET", "/v1/member");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_NE(response.body.find("/v1/members"), std::string::npos);
  EXPECT_EQ(send("GET", "/v1/routes/").status, 404);
  EXPECT_EQ(send("POST", "/v1/feedbacks").status, 404);
}

TEST_F(HandleTest, TakesNoFeedbackOnWhatItDoesNotKnowOrUnderstand) {
  EXPECT_EQ(send("POST", "/v1/feedback", "").status, 400);
  EXPECT_EQ(send("POST", "/v1/feedback", R"({"call":"c"})").status, 400);
  EXPECT_EQ(send("POST", "/v1/feedback", R"({"call":"c","quality":1.5})").status, 400);
  EXPECT_EQ(send("POST", "/v1/feedback", R"({"call":"c","quality":0.5})").status, 404);
  EXPECT_EQ(send("POST", "/v1/feedback", std::string(5'000, ' ')).status, 413);
}

TEST_F(HandleTest, NamesTheMethodsThatAPathTakes) {
  const Response response = send("POST", "/v1/agent");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(mesh::find_header(response.headers, "allow"), "GET, HEAD, PUT, PATCH, DELETE");
}

TEST_F(HandleTest, AnswersHeadLikeGetWithoutABody) {
  const Response response = send("HEAD", "/v1/members");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "");
}

TEST_F(HandleTest, TurnsRequestsOfMembershipIntoInputs) {
  const Response joined = send("POST", "/v1/join", R"({"seed":"10.0.0.1:7400"})");
  EXPECT_EQ(joined.status, 202);
  ASSERT_EQ(joined.commands.size(), 1U);
  EXPECT_EQ(std::get<kernel::JoinRequested>(joined.commands[0]).seed.to_string(), "10.0.0.1:7400");
  EXPECT_TRUE(std::get<kernel::DrainRequested>(send("POST", "/v1/leave").commands.at(0)).leave);
  EXPECT_FALSE(std::get<kernel::DrainRequested>(send("POST", "/v1/drain").commands.at(0)).leave);
  EXPECT_TRUE(
      std::holds_alternative<kernel::ResumeRequested>(send("POST", "/v1/resume").commands.at(0)));
}

TEST_F(HandleTest, RefusesASeedThatIsNoAddress) {
  for (const char* body : {"", "{", "[]", "{}", R"({"seed":5})", R"({"seed":"host:1"})",
                           R"({"seed":"10.0.0.1:0"})", R"({"seed":"0.0.0.0:7400"})"}) {
    const Response response = send("POST", "/v1/join", body);
    EXPECT_EQ(response.status, 400) << body;
    EXPECT_TRUE(response.commands.empty());
  }
}

TEST_F(HandleTest, PutsAnotherAgentInPlace) {
  const std::string block = R"({"url":"http://127.0.0.1:9001","capabilities":[{"name":"c.d"}]})";
  const Response response = send("PUT", "/v1/agent", block);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.agent, (AgentChange{"http://127.0.0.1:9001", block}));
  ASSERT_EQ(response.commands.size(), 1U);
  EXPECT_EQ(std::get<kernel::AgentConfigured>(response.commands[0]).agent, descriptor("c.d"));
}

TEST_F(HandleTest, MergesAPatchIntoTheCurrentAgent) {
  const Response response =
      send("PATCH", "/v1/agent", R"({"concurrency":8,"capabilities":[{"name":"x.y"}]})");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(json::parse(response.agent->block), json({{"url", "http://127.0.0.1:9000"},
                                                      {"capabilities", {{{"name", "x.y"}}}},
                                                      {"concurrency", 8}}));
}

TEST_F(HandleTest, SaysWhatIsWrongWithAnAgentAndChangesNothing) {
  const std::string deep = std::string(5'000, '[') + std::string(5'000, ']');
  for (const std::string& body : {std::string("{"), std::string("[]"), std::string("{}"),
                                  "{\"url\":" + deep + "}", std::string("\xff")}) {
    const Response response = send("PUT", "/v1/agent", body);
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(mesh::find_header(response.headers, "parley-error"), "bad_request");
    EXPECT_TRUE(response.commands.empty());
    EXPECT_FALSE(response.agent.has_value());
  }
}

TEST_F(HandleTest, TakesTheAgentAway) {
  const Response response = send("DELETE", "/v1/agent");
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(response.agent, AgentChange{});
  EXPECT_EQ(std::get<kernel::AgentConfigured>(response.commands.at(0)).agent, std::nullopt);
  shell_.agent_block.clear();
  EXPECT_EQ(send("GET", "/v1/agent").status, 404);
}

TEST_F(HandleTest, IsNotReadyWhileItDrainsButAlive) {
  EXPECT_EQ(send("GET", "/readyz").status, 200);
  feed(kernel::DrainRequested{.leave = false});
  const Response response = send("GET", "/readyz");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(json::parse(response.body)["reasons"], json({"membership: this node is draining"}));
  EXPECT_EQ(send("GET", "/healthz").status, 200);
  EXPECT_EQ(send("GET", "/livez").status, 200);
}

TEST_F(HandleTest, TellsItsProbesApartByTheConditionsTheyStandFor) {
  shell_.conditions = {
      {.name = "ports", .of = Condition::Of::startup, .holds = false, .detail = "x"}};
  EXPECT_EQ(send("GET", "/startupz").status, 503);
  EXPECT_EQ(send("GET", "/healthz").status, 200);
  shell_.conditions.clear();
  shell_.counters.storage_healthy = false;
  EXPECT_EQ(send("GET", "/startupz").status, 200);
  EXPECT_EQ(send("GET", "/healthz").status, 503);
  EXPECT_EQ(send("GET", "/readyz").status, 503);
  const json verbose = json::parse(send("GET", "/readyz", "", "verbose").body);
  EXPECT_EQ(verbose["checks"].size(), 3U);
}

TEST_F(HandleTest, DescribesExactlyTheResourcesItHas) {
  const json description = get("/openapi.json");
  EXPECT_EQ(description["openapi"], "3.1.0");
  EXPECT_EQ(description["info"]["version"], "1.2.3");
  std::set<std::string> described;
  for (const auto& [path, item] : description["paths"].items()) {
    if (path == "/call/{capability}") continue;
    for (const auto& [method, operation] : item.items()) {
      std::string upper = method;
      std::transform(upper.begin(), upper.end(), upper.begin(),
                     [](char c) { return static_cast<char>(c - 'a' + 'A'); });
      described.insert(upper + " " + path);
    }
  }
  std::set<std::string> there;
  for (const Resource& resource : resources()) {
    there.insert(std::string(resource.method) + " " + std::string(resource.path));
  }
  EXPECT_EQ(described, there);
  EXPECT_TRUE(description["paths"].contains("/call/{capability}"));
}

// Every "$ref" of the description leads somewhere.
void expect_references_lead_somewhere(const json& part, const json& whole) {
  if (part.is_object() && part.contains("$ref")) {
    const auto reference = part["$ref"].get<std::string>();
    EXPECT_TRUE(whole.contains(json::json_pointer(reference.substr(1)))) << reference;
  }
  if (part.is_structured()) {
    for (const auto& child : part) expect_references_lead_somewhere(child, whole);
  }
}

TEST_F(HandleTest, DescribesEverythingItRefersTo) {
  const json description = get("/openapi.json");
  expect_references_lead_somewhere(description, description);
}

TEST_F(HandleTest, ServesMetricsThatPromtoolTakes) {
  shell_.calls.on_settled({.exchange = {},
                           .outcome = mesh::Outcome::success,
                           .status = 200,
                           .attempts = 1,
                           .call = mesh::CallId("c"),
                           .capability = "a.b",
                           .source = "a \"quoted\"\nname",
                           .destination = "b",
                           .took = std::chrono::milliseconds(3)},
                          true);
  shell_.calls.on_transition({"member", "serving", "suspect", "x"});
  shell_.counters.process = [] { return ShellCounters::Process{}; };
  const Response response = send("GET", "/metrics");
  EXPECT_EQ(response.content_type, "text/plain; version=0.0.4; charset=utf-8");
  for (const char* line :
       {"parley_members{state=\"serving\"} 1\n", "parley_build_info{version=\"1.2.3\"} 1\n",
        "# TYPE parley_requests_total counter\n",
        "# TYPE parley_request_duration_seconds histogram\n",
        "# TYPE parley_gossip_convergence_seconds histogram\n",
        "parley_gossip_bytes_total{direction=\"sent\"} 0\n",
        "parley_request_duration_seconds_count{capability=\"a.b\"} 1\n"}) {
    EXPECT_NE(response.body.find(line), std::string::npos) << line;
  }
  if (std::system("promtool --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "no promtool here";
  const std::string file = testing::TempDir() + "parley_metrics_test";
  std::ofstream(file) << response.body;
  EXPECT_EQ(std::system(("promtool check metrics < " + file).c_str()), 0) << response.body;
  std::remove(file.c_str());
}

TEST_F(HandleTest, CountsWhatTheGateTurnsAway) {
  const auto from = *base::Endpoint::parse("127.0.0.1:7401");
  crypto::Seed seed;
  seed.bytes.fill(std::byte{8});
  kernel::DatagramGate stranger(crypto::Identity::from_seed(seed), {}, 1);
  auto sealed = stranger.seal(identity().id(), true, base::as_bytes("a packet"));
  ASSERT_TRUE(sealed);
  base::Bytes datagram = *std::move(sealed);
  feed(kernel::DatagramReceived{from, datagram, {}});  // opens, and is no packet
  datagram.back() ^= std::byte{1};
  feed(kernel::DatagramReceived{from, datagram, {}});
  feed(kernel::DatagramReceived{from, base::to_bytes("x"), {}});
  const std::string metrics = send("GET", "/metrics").body;
  for (const char* line : {"parley_gate_refused_total{reason=\"forged\"} 1\n",
                           "parley_gate_refused_total{reason=\"undecodable\"} 2\n",
                           "parley_gate_refused_total{reason=\"foreign\"} 0\n"}) {
    EXPECT_NE(metrics.find(line), std::string::npos) << line << metrics;
  }
}

}  // namespace
}  // namespace api
