#include "transport/agent_client.h"

#include "tests/transport/loopback.h"
#include "transport/http_listener.h"

#include <asio/ip/tcp.hpp>
#include <poll.h>

namespace transport {
namespace {

class AgentClientTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto bound = listener.listen(loopback_any);
    ASSERT_TRUE(bound);
    url.host = "127.0.0.1";
    url.port = bound->port;
    ASSERT_TRUE(acceptor.is_open());
    raw_url.host = "127.0.0.1";
    raw_url.port = acceptor.local_endpoint().port();
  }
  std::unique_ptr<Answer> ask(const AgentUrl& to, RequestHead head) {
    auto answer = std::make_unique<Answer>();
    answer->stream = client->open(to, std::move(head), *answer, {});
    return answer;
  }
  RequestHead get() {
    RequestHead head;
    head.method = "GET";
    head.target = "/x";
    head.body_size = 0;
    return head;
  }
  // A connection that the client opened to the raw agent.
  std::unique_ptr<RawSocket> accept() {
    int fd = -1;
    EXPECT_TRUE(run_until(loop, [&] {
      fd = ::accept(acceptor.native_handle(), nullptr, nullptr);
      return fd >= 0;
    }));
    return std::make_unique<RawSocket>(loop, fd);
  }
  // One answer of a raw agent, made of bytes.
  std::unique_ptr<Answer> exchange(std::string_view bytes, bool then_close, RequestHead head) {
    auto answer = ask(raw_url, std::move(head));
    auto agent = accept();
    EXPECT_TRUE(agent->expect("\r\n\r\n"));
    agent->send(bytes);
    if (then_close) agent->close();
    EXPECT_TRUE(run_until(loop, [&] { return answer->done(); })) << bytes;
    return answer;
  }

  asio::io_context loop{1};
  EchoService service;
  HttpListener listener{loop, service, {}};
  asio::ip::tcp::acceptor acceptor = [this] {
    asio::ip::tcp::acceptor made(loop, {asio::ip::address_v4::loopback(), 0});
    made.non_blocking(true);
    return made;
  }();
  std::unique_ptr<AgentClient> client = std::make_unique<AgentClient>(loop, AgentClientOptions{});
  AgentUrl url;
  AgentUrl raw_url;
};

TEST(AgentUrlTest, ReadsWhatIsAnAgentUrl) {
  const AgentUrl expected{AgentUrl::Scheme::http, "agent.local", 9000, "/base/x"};
  EXPECT_EQ(AgentUrl::parse("http://agent.local:9000/base/x/"), expected);
  const AgentUrl grpc{AgentUrl::Scheme::h2c, "::1", 50051, ""};
  EXPECT_EQ(AgentUrl::parse("H2C://[::1]:50051"), grpc);
  EXPECT_EQ(AgentUrl::parse("http://a")->port, 80);
  EXPECT_EQ(grpc.authority(), "[::1]:50051");
  for (const char* text : {"", "a:80", "https://a", "http://", "http://:80",
                           "http://a:", "http://a:0", "http://a:65536", "http://u@a", "http://a/?x",
                           "http://a/#x", "http://a b", "http://[::1", "http://a\r\nX: y"}) {
    EXPECT_EQ(AgentUrl::parse(text), std::nullopt) << text;
  }
}

TEST_F(AgentClientTest, CarriesBodiesOfAnySizeByteForByte) {
  for (const bool length_known : {true, false}) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{1024}, std::size_t{8} << 20}) {
      RequestHead head;
      head.method = "POST";
      head.target = "/echo";
      head.headers = {{"x-custom", "kept"}};
      if (length_known) head.body_size = size;
      auto answer = ask(url, std::move(head));
      const std::string body = pattern(size);
      std::size_t sent = 0;
      answer->more = [&] {
        while (sent < size && answer->stream->unsent() < Stream::high_water) {
          const std::string_view piece = std::string_view(body).substr(sent, 100'000);
          answer->stream->send_data(base::as_bytes(piece));
          sent += piece.size();
        }
        if (sent == size)
          answer->stream->send_end(length_known ? Headers{} : Headers{{"sum", "7"}});
      };
      answer->more();
      ASSERT_TRUE(run_until(loop, [&] { return answer->done(); })) << size;
      ASSERT_TRUE(answer->ended) << to_string(*answer->failed);
      EXPECT_EQ(answer->head->status, 200);
      EXPECT_EQ(find_header(answer->head->headers, "x-custom"), "kept");
      EXPECT_EQ(find_header(answer->head->headers, "x-target"), "/echo");
      EXPECT_EQ(answer->head->body_size.has_value(), length_known);
      EXPECT_TRUE(answer->body == body) << size;
      EXPECT_EQ(answer->trailers, length_known ? Headers{} : (Headers{{"sum", "7"}}));
    }
  }
  EXPECT_EQ(listener.connections(), 1U);  // one after the other on a kept connection
}

TEST_F(AgentClientTest, AsksManyThingsAtOnceAndKeepsTheConnections) {
  for (int round = 0; round < 3; ++round) {
    std::vector<std::unique_ptr<Answer>> answers;
    for (int i = 0; i < 64; ++i) {
      answers.push_back(ask(url, get()));
      answers.back()->stream->send_end({});
    }
    for (auto& answer : answers) {
      ASSERT_TRUE(run_until(loop, [&] { return answer->done(); }));
      EXPECT_TRUE(answer->ended);
    }
    EXPECT_EQ(listener.connections(), 64U);
    EXPECT_EQ(client->connections(), 64U);
  }
}

TEST_F(AgentClientTest, SpeaksHttp2WithPriorKnowledgeOverOneConnection) {
  url.scheme = AgentUrl::Scheme::h2c;
  url.base = "/base";
  for (int round = 0; round < 2; ++round) {
    std::vector<std::unique_ptr<Answer>> answers;
    const std::string body = pattern(100'000);
    for (int i = 0; i < 16; ++i) {
      RequestHead head;
      head.method = "POST";
      head.target = "/echo";
      head.headers = {{"te", "trailers"}, {"content-type", "application/grpc"}};
      answers.push_back(ask(url, std::move(head)));
      answers.back()->stream->send_data(base::as_bytes(body));
      answers.back()->stream->send_end({{"grpc-status", "0"}});
    }
    for (auto& answer : answers) {
      ASSERT_TRUE(run_until(loop, [&] { return answer->done(); }));
      ASSERT_TRUE(answer->ended) << to_string(*answer->failed);
      EXPECT_TRUE(answer->body == body);
      EXPECT_EQ(find_header(answer->head->headers, "x-target"), "/base/echo");
      EXPECT_EQ(answer->trailers, (Headers{{"grpc-status", "0"}}));
    }
    EXPECT_EQ(listener.connections(), 1U);
    EXPECT_EQ(client->connections(), 1U);
  }
}

TEST_F(AgentClientTest, FailsEveryHttp2StreamWhereNothingListens) {
  raw_url.scheme = AgentUrl::Scheme::h2c;
  acceptor.close();
  const auto first = ask(raw_url, get());
  const auto second = ask(raw_url, get());
  const auto gone = ask(raw_url, get());
  gone->stream.reset();
  ASSERT_TRUE(run_until(loop, [&] { return first->done() && second->done(); }));
  EXPECT_EQ(first->failed, StreamError::connect_failed);
  EXPECT_EQ(second->failed, StreamError::connect_failed);
  EXPECT_FALSE(gone->done());
}

TEST_F(AgentClientTest, PrependsTheBaseAndNamesTheHost) {
  raw_url.base = "/base";
  auto answer = ask(raw_url, get());
  answer->stream->send_end({});
  auto agent = accept();
  ASSERT_TRUE(agent->expect("\r\n\r\n"));
  EXPECT_EQ(agent->received(), "GET /base/x HTTP/1.1\r\nhost: " + raw_url.authority() + "\r\n\r\n");
}

TEST_F(AgentClientTest, ReadsEveryKindOfAnswer) {
  const auto plain = exchange("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false, get());
  EXPECT_EQ(plain->body, "hello");
  const auto old = exchange("HTTP/1.0 200 OK\r\nX: y\r\n\r\nuntil the end", true, get());
  EXPECT_EQ(old->body, "until the end");
  EXPECT_TRUE(old->ended);
  const auto informed = exchange(
      "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
      "HTTP/1.1 204 No Content\r\n\r\n",
      true, get());
  EXPECT_EQ(informed->head->status, 204);
  EXPECT_TRUE(informed->ended);
  const auto chunked =
      exchange("HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nEtag: 1\r\n\r\n",
               true, get());
  EXPECT_EQ(chunked->body, "ab");
  EXPECT_EQ(chunked->trailers, (Headers{{"etag", "1"}}));
  RequestHead head = get();
  head.method = "HEAD";
  const auto headed = exchange("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", false, head);
  EXPECT_EQ(headed->head->body_size, 99U);
  EXPECT_TRUE(headed->ended);
}

TEST_F(AgentClientTest, RefusesAnswersThatAreNotHttp) {
  for (const char* bytes :
       {"garbage\r\n\r\n", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nX: a\r\n folded\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    const auto answer = exchange(bytes, false, get());
    EXPECT_EQ(answer->failed, StreamError::protocol_error) << bytes;
  }
}

TEST_F(AgentClientTest, TellsThatTheAgentLeftInTheMiddle) {
  for (const char* bytes : {"", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe"}) {
    const auto answer = exchange(bytes, true, get());
    EXPECT_EQ(answer->failed, StreamError::connection_lost) << bytes;
  }
}

TEST_F(AgentClientTest, BytesBehindAnAnswerAreNotTheNextAnswer) {
  const auto first = exchange(
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
      "4\r\n\r\nevil",
      false, get());
  EXPECT_TRUE(first->ended);
  const auto second = exchange("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood", false, get());
  EXPECT_EQ(second->body, "good");
}

TEST_F(AgentClientTest, ReplacesAStaleConnectionOnceForWhatMayBeRepeated) {
  for (const bool repeatable : {true, false}) {
    auto first = ask(raw_url, get());
    first->stream->send_end({});
    auto agent = accept();
    ASSERT_TRUE(agent->expect("\r\n\r\n"));
    agent->send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    ASSERT_TRUE(run_until(loop, [&] { return first->ended; }));
    RequestHead head = get();
    if (!repeatable) head.method = "POST";
    auto second = ask(raw_url, head);
    second->stream->send_end({});
    ASSERT_TRUE(agent->expect(" /x HTTP/1.1\r\nhost"));
    agent->close();
    if (!repeatable) {
      ASSERT_TRUE(run_until(loop, [&] { return second->done(); }));
      EXPECT_EQ(second->failed, StreamError::connection_lost);
      continue;
    }
    auto fresh = accept();
    ASSERT_TRUE(fresh->expect("\r\n\r\n"));
    fresh->close();
    ASSERT_TRUE(run_until(loop, [&] { return second->done(); }));
    EXPECT_EQ(second->failed, StreamError::connection_lost);  // once
  }
}

TEST_F(AgentClientTest, DestroyingTheStreamClosesTheConnectionAtOnce) {
  auto answer = ask(raw_url, get());
  answer->stream->send_end({});
  auto agent = accept();
  ASSERT_TRUE(agent->expect("\r\n\r\n"));
  agent->send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
  ASSERT_TRUE(run_until(loop, [&] { return answer->body == "he"; }));
  answer->stream.reset();
  EXPECT_TRUE(agent->expect_end());
  EXPECT_FALSE(answer->failed.has_value());
}

TEST_F(AgentClientTest, TheReceiverMayDestroyTheStreamInsideACallback) {
  struct Fickle final : Receiver {
    std::unique_ptr<Stream> stream;
    int calls = 0;
    void on_response_head(ResponseHead) override {
      ++calls;
      stream.reset();
    }
    void on_data(base::ByteView) override { ++calls; }
    void on_end(Headers) override { ++calls; }
    void on_failed(StreamError) override { ++calls; }
    void on_writable() override { ++calls; }
  } receiver;
  receiver.stream = client->open(raw_url, get(), receiver, {});
  auto agent = accept();
  agent->send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_TRUE(agent->expect_end());
  EXPECT_EQ(receiver.calls, 1);
}

TEST_F(AgentClientTest, FailsWhereNothingListens) {
  AgentUrl nowhere = raw_url;
  acceptor.close();
  const auto answer = ask(nowhere, get());
  ASSERT_TRUE(run_until(loop, [&] { return answer->done(); }));
  EXPECT_EQ(answer->failed, StreamError::connect_failed);
  nowhere.host = "name.invalid";
  const auto unnamed = ask(nowhere, get());
  ASSERT_TRUE(run_until(loop, [&] { return unnamed->done(); }));
}

// The connection stands and the time is over when the loop next looks: both handlers run in one
// turn.
TEST_F(AgentClientTest, AConnectThatEndsInTheTurnInWhichItsTimeEndsIsOne) {
  auto answer = std::make_unique<Answer>();
  constexpr auto time = std::chrono::milliseconds(20);
  answer->stream = client->open(raw_url, get(), *answer, {.connect_timeout = time});
  answer->stream->send_end({});
  pollfd arrived{.fd = acceptor.native_handle(), .events = POLLIN, .revents = 0};
  while (::poll(&arrived, 1, 0) == 0) ASSERT_EQ(loop.poll_one(), 1U);
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() <= end) ::poll(nullptr, 0, 1);
  auto agent = accept();
  ASSERT_TRUE(agent->expect("\r\n\r\n"));
  agent->send("HTTP/1.1 204 No Content\r\n\r\n");
  ASSERT_TRUE(run_until(loop, [&] { return answer->done(); }));
  EXPECT_TRUE(answer->ended);
}

TEST_F(AgentClientTest, ResolvesNames) {
  url.host = "localhost";
  auto answer = ask(url, get());
  answer->stream->send_end({});
  ASSERT_TRUE(run_until(loop, [&] { return answer->done(); }));
  EXPECT_TRUE(answer->ended);
}

TEST_F(AgentClientTest, RefusesBeyondTheBoundOfConnections) {
  AgentClientOptions options;
  options.connections_max = 1;
  client = std::make_unique<AgentClient>(loop, options);
  auto first = ask(raw_url, get());
  auto second = ask(raw_url, get());
  EXPECT_FALSE(second->done());  // not from inside
  ASSERT_TRUE(run_until(loop, [&] { return second->done(); }));
  EXPECT_EQ(second->failed, StreamError::refused);
  first->stream.reset();
  EXPECT_TRUE(run_until(loop, [&] {
    auto third = ask(raw_url, get());
    loop.restart();
    loop.poll();
    return !third->done();
  }));
}

TEST_F(AgentClientTest, ClosesConnectionsThatAreIdleForLong) {
  AgentClientOptions options;
  options.idle_timeout = std::chrono::milliseconds(40);
  client = std::make_unique<AgentClient>(loop, options);
  auto answer = ask(url, get());
  answer->stream->send_end({});
  ASSERT_TRUE(run_until(loop, [&] { return answer->ended; }));
  EXPECT_EQ(listener.connections(), 1U);
  EXPECT_TRUE(run_until(loop, [&] { return listener.connections() == 0; }));
}

TEST_F(AgentClientTest, StopsReadingWhenNothingIsConsumed) {
  auto answer = std::make_unique<Answer>();
  answer->consume = false;
  answer->stream = client->open(raw_url, get(), *answer, {});
  auto agent = accept();
  ASSERT_TRUE(agent->expect("\r\n\r\n"));
  const std::string body = pattern(32 << 20);
  const std::string bytes =
      "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  std::string_view rest = bytes;
  std::size_t stuck = 0;
  std::size_t before = 0;
  ASSERT_TRUE(run_until(loop, [&] {
    agent->take(rest);
    stuck = rest.size() == before ? stuck + 1 : 0;
    before = rest.size();
    return stuck > 200;
  }));
  EXPECT_LE(answer->body.size(), 256U * 1024 + 3 * 64 * 1024);
  ASSERT_TRUE(run_until(loop, [&] {
    answer->stream->consumed(64 * 1024);
    agent->take(rest);
    return answer->ended;
  }));
  EXPECT_TRUE(answer->body == body);
}

}  // namespace
}  // namespace transport
