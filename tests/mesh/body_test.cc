#include "mesh/judge/body.h"

#include <gtest/gtest.h>

#include <string>

namespace mesh::judge {
namespace {

using Kind = BodyVerdict::Kind;

AnswerHead answer(int status, std::string type, std::optional<std::uint64_t> size = {}) {
  return {.status = status, .headers = {{"content-type", std::move(type)}}, .body_size = size};
}
BodyVerdict judged(std::string_view body, int status = 200) {
  return judge_body(answer(status, "application/json"), body, nullptr);
}
std::string error_of(std::string_view body) {
  const BodyVerdict verdict = judged(body);
  EXPECT_NE(verdict.kind, Kind::check_failed);
  EXPECT_EQ(verdict.kind == Kind::fine, verdict.why.empty());
  return verdict.why;
}

TEST(BodyTest, ReadsSmallJson) {
  EXPECT_TRUE(worth_reading(answer(200, "application/json", 10), false));
  EXPECT_TRUE(worth_reading(answer(500, "Application/JSON; charset=utf-8", 10), false));
  EXPECT_TRUE(worth_reading(answer(200, "application/a2a+json"), false));
  EXPECT_TRUE(worth_reading(answer(200, "application/json", 65'536), false));
  EXPECT_FALSE(worth_reading(answer(200, "application/json", 65'537), false));
  EXPECT_FALSE(worth_reading(answer(200, "application/json", 0), false));
  EXPECT_FALSE(worth_reading(answer(200, "text/plain", 10), false));
  EXPECT_FALSE(worth_reading({.status = 200, .headers = {}, .body_size = 10}, false));
}

TEST(BodyTest, ReadsAnyGoodAnswerThatIsToBeChecked) {
  EXPECT_TRUE(worth_reading(answer(200, "text/plain", 10), true));
  EXPECT_TRUE(worth_reading(answer(204, "", 0), true));
  EXPECT_FALSE(worth_reading(answer(404, "text/plain", 10), true));
  EXPECT_TRUE(worth_reading(answer(404, "application/json", 10), true));
  EXPECT_FALSE(worth_reading(answer(200, "text/plain", 65'537), true));
}

TEST(BodyTest, NeverHoldsAStreamUp) {
  for (const char* type : {"text/event-stream", "Text/Event-Stream;charset=utf-8",
                           "application/grpc", "application/grpc+json", "application/x-ndjson",
                           "application/json-seq", "application/stream+json"}) {
    EXPECT_FALSE(worth_reading(answer(200, type), true)) << type;
  }
}

TEST(BodyTest, LeavesEncodedBodiesAlone) {
  AnswerHead head = answer(200, "application/json", 10);
  head.headers.push_back({"content-encoding", "gzip"});
  EXPECT_FALSE(worth_reading(head, true));
  head.headers.back().value = "Identity";
  EXPECT_TRUE(worth_reading(head, true));
}

TEST(BodyTest, FindsAnErrorOfJsonRpc) {
  EXPECT_EQ(error_of(R"({"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"no\nluck"}})"),
            "JSON-RPC error -32603: no?luck");
  EXPECT_EQ(error_of(R"({"jsonrpc":"2.0","id":1,"error":{},"result":null})"), "JSON-RPC error");
  EXPECT_EQ(error_of(R"({"jsonrpc":"2.0","id":1,"result":{"error":{"code":1}}})"), "");
  EXPECT_EQ(error_of(R"({"jsonrpc":"2.0","id":1,"error":{"code":1},"result":{}})"), "");
  EXPECT_EQ(error_of(R"({"jsonrpc":"2.0","id":1,"error":null})"), "");
  EXPECT_EQ(error_of(R"({"jsonrpc":"1.0","error":{"code":1}})"), "");
  EXPECT_EQ(error_of(R"({"error":{"code":1}})"), "");
  const std::string long_one = error_of(R"({"jsonrpc":"2.0","error":{"code":1,"message":")" +
                                        std::string(500, 'x') + R"("}})");
  EXPECT_EQ(long_one, "JSON-RPC error 1: " + std::string(80, 'x'));
}

TEST(BodyTest, CallsABatchFailedIfAllOfItIs) {
  const std::string error = R"({"jsonrpc":"2.0","id":1,"error":{"code":-1}})";
  const std::string good = R"({"jsonrpc":"2.0","id":2,"result":1})";
  EXPECT_EQ(error_of("[" + error + "," + error + "]"), "JSON-RPC error -1");
  EXPECT_EQ(error_of("[" + error + "," + good + "]"), "");
  EXPECT_EQ(error_of("[]"), "");
}

TEST(BodyTest, FindsAFailedTaskOfA2a) {
  const auto result = [](const std::string& state) {
    return R"({"jsonrpc":"2.0","id":1,"result":{"kind":"task","id":"t","contextId":"c",)"
           R"("status":{"state":")" +
           state + R"("}}})";
  };
  EXPECT_EQ(error_of(result("failed")), "the task failed");
  EXPECT_EQ(error_of(result("rejected")), "the task was rejected");
  EXPECT_EQ(error_of(result("TASK_STATE_FAILED")), "the task failed");
  EXPECT_EQ(error_of(result("TASK_STATE_REJECTED")), "the task was rejected");
  for (const char* state :
       {"completed", "working", "submitted", "canceled", "input-required", "auth-required",
        "unknown", "TASK_STATE_COMPLETED", "TASK_STATE_CANCELED", "TASK_STATE_AUTH_REQUIRED"}) {
    EXPECT_EQ(error_of(result(state)), "") << state;
  }
  EXPECT_EQ(error_of(R"({"jsonrpc":"2.0","id":1,"result":{"task":{"id":"t","status":)"
                     R"({"state":"TASK_STATE_FAILED"}}}})"),
            "the task failed");
}

TEST(BodyTest, FindsAFailedTaskInTheRestBindingOfA2a) {
  EXPECT_EQ(error_of(R"({"task":{"id":"t","status":{"state":"TASK_STATE_FAILED"}}})"),
            "the task failed");
  EXPECT_EQ(error_of(R"({"id":"t","contextId":"c","status":{"state":"failed"}})"),
            "the task failed");
  EXPECT_EQ(error_of(R"({"id":"t","status":{"state":"TASK_STATE_REJECTED"}})"),
            "the task was rejected");
  // What other APIs say of other things.
  EXPECT_EQ(error_of(R"({"id":"deployment","status":{"state":"failed"}})"), "");
  EXPECT_EQ(error_of(R"({"state":"failed"})"), "");
  EXPECT_EQ(error_of(R"({"status":{"state":"failed"},"contextId":"c"})"), "");
}

TEST(BodyTest, FindsAToolErrorOfMcp) {
  EXPECT_EQ(error_of(R"({"jsonrpc":"2.0","id":1,"result":{"content":[],"isError":true}})"),
            "the tool says that it failed");
  EXPECT_EQ(error_of(R"({"content":[{"type":"text"}],"isError" : true})"),
            "the tool says that it failed");
  EXPECT_EQ(error_of(R"({"jsonrpc":"2.0","id":1,"result":{"content":[],"isError":false}})"), "");
  EXPECT_EQ(error_of(R"({"isError":true})"), "");
}

TEST(BodyTest, SurvivesWhatIsNoJson) {
  EXPECT_EQ(error_of(""), "");
  EXPECT_EQ(error_of(R"({"jsonrpc":"2.0","error":{)"), "");
  EXPECT_EQ(error_of(R"("jsonrpc" "error")"), "");
  const std::string deep(60'000, '[');
  EXPECT_EQ(error_of(R"({"jsonrpc":"2.0","error":)" + deep), "");
  EXPECT_EQ(error_of(R"({"jsonrpc":"2.0","error":{"message":"\ud800"}})"), "");
}

TEST(BodyTest, ReadsErrorsOnlyInJson) {
  const char* body = R"({"jsonrpc":"2.0","id":1,"error":{"code":-1}})";
  EXPECT_EQ(judge_body(answer(200, "text/plain"), body, nullptr), BodyVerdict{});
  EXPECT_EQ(judge_body(answer(500, "application/json"), body, nullptr).kind,
            Kind::application_error);
}

TEST(BodyTest, HoldsGoodAnswersAgainstTheCheck) {
  const auto check = CompiledCheck::compile({.non_empty = true, .pattern = "ok", .schema = ""});
  ASSERT_TRUE(check);
  EXPECT_EQ(judge_body(answer(200, "text/plain"), "ok", &*check), BodyVerdict{});
  EXPECT_EQ(judge_body(answer(200, "text/plain"), "no", &*check),
            (BodyVerdict{Kind::check_failed, "the body does not match the pattern"}));
  EXPECT_EQ(judge_body(answer(404, "text/plain"), "no", &*check), BodyVerdict{});
  // What the agent says itself comes first.
  EXPECT_EQ(judge_body(answer(200, "application/json"),
                       R"({"jsonrpc":"2.0","id":1,"error":{"code":-1}})", &*check)
                .kind,
            Kind::application_error);
}

}  // namespace
}  // namespace mesh::judge
