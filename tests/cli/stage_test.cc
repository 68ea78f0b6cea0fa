#include "cli/stage/played_agent.h"
#include "cli/stage/policies_text.h"
#include "cli/stage/requests.h"
#include "node/config.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace cli::stage {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

mesh::Policy everything() {
  mesh::Policy policy;
  policy.capability = "cap.*";
  policy.route = mesh::RoutePolicy::quality;
  policy.quality = mesh::QualityTiers{.prefer = 0.9, .accept = 0.8, .never_below = 0.5};
  policy.complexity =
      mesh::ComplexityEstimator{.base = 0.25, .per_kilobyte = 0.5, .keywords = {{"legal", 0.5}}};
  policy.attempts = 4;
  policy.backoff = mesh::Backoff{.base = milliseconds(40), .max = seconds(3)};
  policy.retry_on = mesh::RetryReasons::usual().add(mesh::RetryReason::application_error);
  policy.retry_budget = 0.25;
  policy.hedge = mesh::HedgePolicy{.enabled = true, .after = milliseconds(70)};
  policy.breaker = mesh::BreakerPolicy{.failure_threshold = 0.25,
                                       .min_requests = 5,
                                       .window = seconds(7),
                                       .open_for = seconds(9),
                                       .half_open_requests = 2,
                                       .application_errors = true};
  policy.outliers =
      mesh::OutlierPolicy{.slower_than = 2.5, .share_max = 0.25, .ejected_for = seconds(4)};
  policy.request_timeout = seconds(8);
  policy.per_try_timeout = seconds(2);
  policy.workflow_timeout = seconds(60);
  policy.on_timeout = mesh::OnTimeout::escalate_or_fallback;
  policy.rate = mesh::RateLimits{.per_caller = mesh::Rate{.per_second = 5, .burst = 3},
                                 .per_capability = std::nullopt,
                                 .per_agent = std::nullopt};
  policy.bulkhead = mesh::Bulkhead{.concurrent_max = 12, .adaptive = true};
  policy.fallback = {"other.one"};
  return policy;
}

TEST(PoliciesTextTest, IsReadBackAsItWas) {
  mesh::Policy bare;
  bare.capability = "bare";
  mesh::Policy hedged;
  hedged.capability = "hedged";
  hedged.hedge = mesh::HedgePolicy{.enabled = true, .after = std::nullopt};
  const std::vector<mesh::Policy> policies{everything(), bare, hedged};
  const auto read =
      node::parse_config("{\"policies\": " + policies_text(policies) + "}", "policies",
                         {.flags = {}, .environment = [](const auto&) { return std::nullopt; }});
  ASSERT_TRUE(read) << node::text(read.error());
  EXPECT_EQ(read->policies.policies, policies);
}

class PlayedAgentTest : public testing::Test {
 protected:
  WholeAnswer ask(const PlayedAgent& agent, Request request,
                  base::Duration patience = seconds(10)) {
    std::optional<WholeAnswer> answer;
    requests.send(*transport::AgentUrl::parse(agent.url()), std::move(request), patience,
                  [&](WholeAnswer whole) { answer = std::move(whole); });
    while (!answer) loop.run_one();
    return *answer;
  }

  asio::io_context loop{1};
  Requests requests{loop};
};

TEST_F(PlayedAgentTest, AnswersAsItsScriptSays) {
  PlayedAgent agent(loop, [](const PlayedRequest& request, const PlayedAgent::Answer& answer) {
    answer({.status = 207,
            .headers = {{"x-said", std::string(*base::find_header(request.headers, "x-say"))}},
            .body = request.method + " " + request.target});
  });
  ASSERT_TRUE(agent.listen());
  const WholeAnswer answer =
      ask(agent, {.method = "GET", .target = "/a?b=c", .headers = {{"x-say", "hello"}}});
  EXPECT_EQ(answer.status, 207);
  EXPECT_EQ(answer.body, "GET /a?b=c");
  EXPECT_EQ(base::find_header(answer.headers, "x-said"), "hello");
}

TEST_F(PlayedAgentTest, BreaksTheConnectionIfToldTo) {
  PlayedAgent agent(loop, [](const PlayedRequest&, const PlayedAgent::Answer& answer) {
    answer({.status = 200, .headers = {}, .body = "lost", .breaks = true});
  });
  ASSERT_TRUE(agent.listen());
  EXPECT_EQ(ask(agent, {.method = "POST", .target = "/", .headers = {}}).status, 0);
}

TEST_F(PlayedAgentTest, MayAnswerAnAskerThatLeft) {
  PlayedAgent::Answer late;
  PlayedAgent agent(loop, [&late](const PlayedRequest&, PlayedAgent::Answer answer) {
    late = std::move(answer);
  });
  ASSERT_TRUE(agent.listen());
  EXPECT_EQ(ask(agent, {.method = "GET", .target = "/", .headers = {}}, milliseconds(50)).status,
            0);
  ASSERT_TRUE(late);
  late({.status = 200, .headers = {}, .body = "too late"});
}

}  // namespace
}  // namespace cli::stage
