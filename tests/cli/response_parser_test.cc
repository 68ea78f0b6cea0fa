#include "cli/response_parser.h"

#include "cli/http_client.h"

#include <gtest/gtest.h>

namespace cli {
namespace {

class ResponseParserTest : public testing::Test {
 protected:
  ResponseParser make() {
    return ResponseParser({.head = [this](const HttpHead&) { ++heads; },
                           .body = [this](std::string_view bytes) { body += bytes; }});
  }

  int heads = 0;
  std::string body;
};

TEST_F(ResponseParserTest, ReadsAnAnswerThatComesByteByByte) {
  ResponseParser parser = make();
  const std::string_view text =
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  for (const char c : text) {
    EXPECT_FALSE(parser.complete());
    ASSERT_TRUE(parser.feed({&c, 1}));
  }
  EXPECT_TRUE(parser.complete());
  EXPECT_TRUE(parser.keeps_alive());
  EXPECT_EQ(parser.head().status, 200);
  EXPECT_EQ(parser.head().find("content-type"), "text/plain");
  EXPECT_EQ(body, "abcde");
  EXPECT_EQ(heads, 1);
}

TEST_F(ResponseParserTest, GivesTheBodyAsItComes) {
  ResponseParser parser = make();
  ASSERT_TRUE(parser.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\ndata: 1\r\n"));
  EXPECT_EQ(body, "data: 1");
  EXPECT_FALSE(parser.complete());
}

TEST_F(ResponseParserTest, SkipsInformationalResponses) {
  ResponseParser parser = make();
  ASSERT_TRUE(
      parser.feed("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
                  "HTTP/1.1 204 No Content\r\nParley-Call: c\r\n\r\n"));
  EXPECT_TRUE(parser.complete());
  EXPECT_EQ(parser.head().status, 204);
  EXPECT_EQ(parser.head().find("link"), std::nullopt);
  EXPECT_EQ(heads, 1);
}

TEST_F(ResponseParserTest, TakesTheEndOfTheConnectionForTheEndOfABodyWithoutLength) {
  ResponseParser parser = make();
  ASSERT_TRUE(parser.feed("HTTP/1.1 200 OK\r\n\r\nabc"));
  EXPECT_FALSE(parser.complete());
  EXPECT_TRUE(parser.finish());
  EXPECT_EQ(body, "abc");
}

TEST_F(ResponseParserTest, DoesNotTakeABrokenAnswerForAWholeOne) {
  ResponseParser parser = make();
  ASSERT_TRUE(parser.feed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"));
  EXPECT_FALSE(parser.finish());
}

TEST_F(ResponseParserTest, RefusesWhatIsNotHttp) {
  ResponseParser parser = make();
  EXPECT_FALSE(parser.feed("SSH-2.0-OpenSSH_9.2\r\n"));
}

TEST_F(ResponseParserTest, RefusesAHeadWithoutEnd) {
  ResponseParser parser = make();
  ASSERT_TRUE(parser.feed("HTTP/1.1 200 OK\r\nX: "));
  EXPECT_FALSE(parser.feed(std::string(ResponseParser::head_max + 1, 'x')));
}

TEST_F(ResponseParserTest, ExpectsNoBodyForHead) {
  ResponseParser parser = make();
  parser.expect_no_body();
  ASSERT_TRUE(parser.feed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"));
  EXPECT_TRUE(parser.complete());
}

TEST(HttpClientTest, SplitsAddresses) {
  using Parts = std::pair<std::string, std::string>;
  EXPECT_EQ(split_address("127.0.0.1:80"), (Parts{"127.0.0.1", "80"}));
  EXPECT_EQ(split_address("[::1]:80"), (Parts{"::1", "80"}));
  EXPECT_EQ(split_address("host-a:7400"), (Parts{"host-a", "7400"}));
  for (const char* text : {"", "host", ":80", "host:", "host:x", "host:99999", "::1:80"}) {
    EXPECT_EQ(split_address(text), std::nullopt) << text;
  }
}

TEST(HttpClientTest, WritesARequestsHead) {
  const HttpRequest request{
      .method = "POST", .target = "/call/a.b", .headers = {{"K", "v"}}, .body = "xyz"};
  EXPECT_EQ(encode_head(request, "127.0.0.1:7401", false),
            "POST /call/a.b HTTP/1.1\r\nHost: 127.0.0.1:7401\r\nK: v\r\nContent-Length: 3\r\n"
            "Connection: close\r\n\r\n");
}

}  // namespace
}  // namespace cli
