#include "cli/call_request.h"

#include "cli/api_client.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

namespace cli {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

CallOptions call(std::string capability) {
  CallOptions options;
  options.capability = std::move(capability);
  return options;
}

TEST(CallRequestTest, GetsWithoutDataAndPostsWithIt) {
  const auto get = make_call_request(call("text.count"));
  ASSERT_TRUE(get);
  EXPECT_EQ(get->method, "GET");
  EXPECT_EQ(get->target, "/call/text.count");
  CallOptions options = call("text.count");
  options.data = "some words";
  const auto post = make_call_request(options);
  ASSERT_TRUE(post);
  EXPECT_EQ(post->method, "POST");
  EXPECT_EQ(post->body, "some words");
  EXPECT_EQ(post->headers, (Headers{{"Content-Type", "text/plain"}}));
}

TEST(CallRequestTest, SaysThatAJsonBodyIsJsonUnlessToldOtherwise) {
  CallOptions options = call("a.b");
  options.data = "{\"x\": 1}";
  EXPECT_EQ(make_call_request(options)->headers, (Headers{{"Content-Type", "application/json"}}));
  options.headers = {"content-type: application/x-own"};
  EXPECT_EQ(make_call_request(options)->headers, (Headers{{"content-type", "application/x-own"}}));
}

TEST(CallRequestTest, PutsPathAndQueryBehindTheCapability) {
  CallOptions options = call("a.b");
  options.path = "/x?y=1";
  EXPECT_EQ(make_call_request(options)->target, "/call/a.b/x?y=1");
  options.path = "x";
  EXPECT_EQ(make_call_request(options)->target, "/call/a.b/x");
  options.path = "?y=1";
  EXPECT_EQ(make_call_request(options)->target, "/call/a.b?y=1");
}

TEST(CallRequestTest, SendsTheDeadlineAsAHeader) {
  CallOptions options = call("a.b");
  options.deadline = std::chrono::seconds(2);
  EXPECT_EQ(make_call_request(options)->headers, (Headers{{"Parley-Deadline", "2s"}}));
}

TEST(CallRequestTest, LetsNothingSmuggleAnotherHeader) {
  CallOptions options = call("a.b");
  options.headers = {"X: 1\r\nEvil: 2"};
  EXPECT_FALSE(make_call_request(options));
  options.headers = {"no colon"};
  EXPECT_FALSE(make_call_request(options));
  options.headers = {};
  options.path = "/x HTTP/1.1\r\nEvil: 2";
  EXPECT_FALSE(make_call_request(options));
}

TEST(CallRequestTest, ReadsTheBodyFromAFileByteForByte) {
  const std::string name = testing::TempDir() + "parley_call_request_test";
  const std::string bytes("\0\xff\n\r\n", 5);
  std::ofstream(name, std::ios::binary) << bytes;
  CallOptions options = call("a.b");
  options.data = "@" + name;
  EXPECT_EQ(make_call_request(options)->body, bytes);
  std::remove(name.c_str());
  const auto missing = make_call_request(options);
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().find(name), std::string::npos);
}

TEST(ApiClientTest, EncodesWhatDoesNotBelongIntoAPath) {
  EXPECT_EQ(percent_encoded("a.b-c_d~1"), "a.b-c_d~1");
  EXPECT_EQ(percent_encoded("a/b c?\xc3\xa9"), "a%2Fb%20c%3F%C3%A9");
}

TEST(ApiClientTest, SaysWhatAProblemSays) {
  EXPECT_EQ(problem_sentence(503, R"({"code":"no_capable_agent","detail":"nobody offers a.b"})"),
            "nobody offers a.b (no_capable_agent)");
  EXPECT_EQ(problem_sentence(500, "<html>"), "HTTP 500");
}

}  // namespace
}  // namespace cli
