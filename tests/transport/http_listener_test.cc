#include "transport/http_listener.h"

#include "tests/transport/loopback.h"

#include <array>

namespace transport {
namespace {

class HttpListenerTest : public testing::Test {
 protected:
  void SetUp() override { start({}); }
  void start(HttpListenerOptions options) {
    listener = std::make_unique<HttpListener>(loop, service, options);
    const auto bound = listener->listen(loopback_any);
    ASSERT_TRUE(bound);
    endpoint = *bound;
    ASSERT_NE(endpoint.port, 0);
  }
  RawSocket connect() { return RawSocket(loop, endpoint); }
  // Sends, and says what came until the server closed.
  std::string refusal(std::string_view request) {
    RawSocket client(loop, endpoint);
    client.send(request);
    EXPECT_TRUE(client.expect_end()) << request;
    return client.received();
  }

  asio::io_context loop{1};
  EchoService service;
  std::unique_ptr<HttpListener> listener;
  base::Endpoint endpoint;
};

std::string body_of(const std::string& answer) {
  return answer.substr(answer.find("\r\n\r\n") + 4);
}

std::string post(std::string_view body, std::string_view more = "") {
  return "POST /echo?x=1 HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + std::string(more) + "\r\n" + std::string(body);
}

TEST_F(HttpListenerTest, AnswersBodiesOfAnySizeByteForByte) {
  RawSocket client(loop, endpoint);
  for (const std::size_t size : {std::size_t{0}, std::size_t{1024}, std::size_t{8} << 20}) {
    const std::string body = pattern(size);
    client.send(post(body));
    ASSERT_TRUE(client.expect("\r\n\r\n"));
    ASSERT_TRUE(run_until(loop, [&] {
      client.pump();
      return client.ended() || body_of(client.received()).size() >= size;
    }));
    EXPECT_TRUE(client.received().starts_with("HTTP/1.1 200 OK\r\n"));
    EXPECT_NE(client.received().find("content-length: " + std::to_string(size)), std::string::npos);
    EXPECT_NE(client.received().find("x-target: /echo?x=1\r\n"), std::string::npos);
    EXPECT_TRUE(body_of(client.take_received()) == body) << size;
  }
  EXPECT_EQ(listener->connections(), 1U);
}

TEST_F(HttpListenerTest, Serves64ClientsAtOnce) {
  std::vector<std::unique_ptr<RawSocket>> clients;
  const std::string body = pattern(1024);
  for (int i = 0; i < 64; ++i) clients.push_back(std::make_unique<RawSocket>(loop, endpoint));
  for (auto& client : clients) client->send(post(body));
  for (auto& client : clients) {
    ASSERT_TRUE(run_until(loop, [&] {
      client->pump();
      return client->received().ends_with(body);
    }));
  }
  EXPECT_EQ(listener->connections(), 64U);
}

TEST_F(HttpListenerTest, PassesChunksAndTrailersBothWays) {
  RawSocket client(loop, endpoint);
  client.send(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;name=value\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\nX-Sum: 42\r\nHost: evil\r\n\r\n");
  ASSERT_TRUE(client.expect("0\r\nx-sum: 42\r\n\r\n"));
  EXPECT_NE(client.received().find("transfer-encoding: chunked\r\n"), std::string::npos);
  EXPECT_NE(client.received().find("5\r\nhello\r\n"), std::string::npos);
  EXPECT_EQ(service.exchanges[0]->bytes, 11U);
  client.send(post("again"));
  EXPECT_TRUE(client.expect("again"));
}

TEST_F(HttpListenerTest, ReadsARequestThatArrivesByteByByte) {
  RawSocket client(loop, endpoint);
  const std::string request =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: "
      "v\r\n\r\n";
  for (const char& c : request) {
    client.send(std::string_view(&c, 1));
    loop.restart();
    loop.poll();
  }
  EXPECT_TRUE(client.expect("0\r\nt: v\r\n\r\n"));
}

TEST_F(HttpListenerTest, SendsContinueWhenTheServiceTakesTheBody) {
  service.hold = true;
  RawSocket client(loop, endpoint);
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  ASSERT_TRUE(run_until(loop, [&] { return service.exchanges.size() == 1; }));
  loop.restart();
  loop.poll();
  client.pump();
  EXPECT_EQ(client.received(), "");
  service.exchanges[0]->stream->set_receiver(*service.exchanges[0]);
  ASSERT_TRUE(client.expect("HTTP/1.1 100 Continue\r\n\r\n"));
  ResponseHead head;
  head.status = 200;
  head.body_size = 4;
  service.exchanges[0]->stream->send_response_head(head);
  client.send("body");
  ASSERT_TRUE(client.expect("body"));
}

TEST_F(HttpListenerTest, RefusesOtherExpectations) {
  RawSocket client(loop, endpoint);
  client.send("GET / HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\n\r\n");
  ASSERT_TRUE(client.expect("}\n"));
  EXPECT_TRUE(client.received().starts_with("HTTP/1.1 417 "));
}

TEST_F(HttpListenerTest, AnswersPipelinedRequestsInOrder) {
  service.hold = true;
  RawSocket client(loop, endpoint);
  client.send(post("one") + post("two") + post("three"));
  for (std::size_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(run_until(loop, [&] { return service.exchanges.size() == i + 1; }));
    loop.restart();
    loop.poll();
    ASSERT_EQ(service.exchanges.size(), i + 1);  // the next one waits for this answer
    EchoService::answer(*service.exchanges[i]);
  }
  ASSERT_TRUE(client.expect("three"));
  EXPECT_LT(client.received().find("one"), client.received().find("two"));
  EXPECT_LT(client.received().find("two"), client.received().find("three"));
}

TEST_F(HttpListenerTest, ClosesAfterTheAnswerWhenAsked) {
  const std::string answer = refusal(post("bye", "Connection: close\r\n"));
  EXPECT_NE(answer.find("connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("\r\n\r\nbye"));
  EXPECT_TRUE(run_until(loop, [&] { return listener->connections() == 0; }));
}

TEST_F(HttpListenerTest, ServesOldClients) {
  const std::string answer = refusal("POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_TRUE(answer.starts_with("HTTP/1.0 200 OK\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\nhi"));
  RawSocket kept(loop, endpoint);
  kept.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_TRUE(kept.expect("connection: keep-alive\r\n"));
}

TEST_F(HttpListenerTest, SendsNoBodyToHead) {
  service.hold = true;
  RawSocket client(loop, endpoint);
  client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" + post("next"));
  ASSERT_TRUE(run_until(loop, [&] { return service.exchanges.size() == 1; }));
  auto& stream = *service.exchanges[0]->stream;
  stream.set_receiver(*service.exchanges[0]);
  ResponseHead head;
  head.status = 200;
  head.body_size = 5;
  stream.send_response_head(head);
  stream.send_data(base::as_bytes("hello"));
  service.hold = false;
  ASSERT_TRUE(client.expect("next"));
  EXPECT_NE(client.received().find("content-length: 5\r\n\r\nHTTP/1.1 200"), std::string::npos);
}

TEST_F(HttpListenerTest, EventsLeaveOneByOne) {
  service.hold = true;
  RawSocket client(loop, endpoint);
  client.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(run_until(loop, [&] { return service.exchanges.size() == 1; }));
  auto& stream = *service.exchanges[0]->stream;
  ResponseHead head;
  head.status = 200;
  head.headers = {{"content-type", "text/event-stream"}};
  stream.send_response_head(head);
  ASSERT_TRUE(client.expect("text/event-stream\r\n"));
  for (const std::string event : {"data: 1\n\n", "data: 2\n\n", "data: 3\n\n"}) {
    stream.send_data(base::as_bytes(event));
    ASSERT_TRUE(client.expect(event));  // nothing was sent after it
  }
}

TEST_F(HttpListenerTest, TellsTheServiceThatTheClientLeft) {
  service.hold = true;
  for (const bool with_reset : {false, true}) {
    service.exchanges.clear();
    RawSocket client(loop, endpoint);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(run_until(loop, [&] { return service.exchanges.size() == 1; }));
    Answer heard;
    service.exchanges[0]->stream->set_receiver(heard);
    ASSERT_TRUE(run_until(loop, [&] { return heard.ended; }));  // the request, not the answer
    with_reset ? client.reset() : client.close();
    ASSERT_TRUE(run_until(loop, [&] { return heard.failed.has_value(); }));
    EXPECT_EQ(*heard.failed, with_reset ? StreamError::connection_lost : StreamError::cancelled);
  }
}

TEST_F(HttpListenerTest, NoticesAnAbortWhileTheWindowIsFull) {
  service.hold = true;
  RawSocket client(loop, endpoint);
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 90000000\r\n\r\n");
  ASSERT_TRUE(run_until(loop, [&] { return service.exchanges.size() == 1; }));
  auto& exchange = *service.exchanges[0];
  exchange.owed = 1;  // nothing is consumed
  exchange.stream->set_receiver(exchange);
  ResponseHead head;
  head.status = 200;
  exchange.stream->send_response_head(head);
  const std::string megabyte = pattern(1 << 20);
  std::string_view rest = megabyte;
  ASSERT_TRUE(run_until(loop, [&] {
    client.take(rest);
    return rest.empty() || exchange.bytes >= 256 * 1024;
  }));
  client.close();
  ASSERT_TRUE(run_until(loop, [&] { return exchange.failed.has_value(); }));
}

TEST_F(HttpListenerTest, StopsReadingWhenNothingIsConsumed) {
  service.hold = true;
  RawSocket client(loop, endpoint);
  struct Greedy final : Receiver {
    std::size_t bytes = 0;
    void on_response_head(ResponseHead) override {}
    void on_data(base::ByteView data) override { bytes += data.size(); }
    void on_end(Headers) override {}
    void on_failed(StreamError) override {}
    void on_writable() override {}
  } receiver;
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 33554432\r\n\r\n");
  ASSERT_TRUE(run_until(loop, [&] { return service.exchanges.size() == 1; }));
  service.exchanges[0]->stream->set_receiver(receiver);
  const std::string body = pattern(32 << 20);
  std::string_view rest = body;
  std::size_t stuck = 0;
  std::size_t before = 0;
  ASSERT_TRUE(run_until(loop, [&] {  // until the kernel's buffers are full as well
    client.take(rest);
    stuck = rest.size() == before ? stuck + 1 : 0;
    before = rest.size();
    return stuck > 200;
  }));
  EXPECT_GT(rest.size(), 0U);
  EXPECT_GE(receiver.bytes, 256U * 1024);
  EXPECT_LE(receiver.bytes, 256U * 1024 + 3 * 64 * 1024);
  ASSERT_TRUE(run_until(loop, [&] {
    service.exchanges[0]->stream->consumed(64 * 1024);
    client.take(rest);
    return receiver.bytes == body.size();
  }));
}

TEST_F(HttpListenerTest, ASlowClientSlowsTheAnswer) {
  service.hold = true;
  RawSocket client(loop, endpoint);
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(run_until(loop, [&] { return service.exchanges.size() == 1; }));
  Answer answer;
  auto& stream = *service.exchanges[0]->stream;
  stream.set_receiver(answer);
  ResponseHead head;
  head.status = 200;
  stream.send_response_head(head);
  const std::string piece = pattern(128 * 1024);
  std::size_t sent = 0;
  while (stream.unsent() < Stream::high_water) {
    stream.send_data(base::as_bytes(piece));
    sent += piece.size();
    ASSERT_LT(sent, 100U << 20);
  }
  EXPECT_EQ(answer.writable, 0);
  ASSERT_TRUE(run_until(loop, [&] {
    client.pump();
    return answer.writable > 0;
  }));
  EXPECT_LT(stream.unsent(), Stream::low_water);
}

TEST_F(HttpListenerTest, TheServiceAbortsByLettingGo) {
  service.hold = true;
  RawSocket client(loop, endpoint);
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(run_until(loop, [&] { return service.exchanges.size() == 1; }));
  service.exchanges[0]->stream.reset();
  ASSERT_TRUE(client.expect_end());
  EXPECT_EQ(client.received(), "");
  EXPECT_TRUE(run_until(loop, [&] { return listener->connections() == 0; }));
}

TEST_F(HttpListenerTest, AnEarlyAnswerKeepsTheConnection) {
  service.hold = true;
  RawSocket client(loop, endpoint);
  client.send(post(pattern(100'000)));
  ASSERT_TRUE(run_until(loop, [&] { return service.exchanges.size() == 1; }));
  ResponseHead head;
  head.status = 413;
  head.body_size = 0;
  service.exchanges[0]->stream->send_response_head(head);
  service.exchanges[0]->stream->send_end({});
  service.exchanges[0]->stream.reset();
  service.hold = false;
  ASSERT_TRUE(client.expect("HTTP/1.1 413 Content Too Large\r\n"));
  client.send(post("after"));
  EXPECT_TRUE(client.expect("after"));
}

TEST_F(HttpListenerTest, RefusesSmuggling) {
  const std::string start = "POST / HTTP/1.1\r\nHost: a\r\n";
  const std::vector<std::pair<const char*, std::string>> attempts = {
      {"CL.TE", start + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"TE.CL", start + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"},
      {"TE.TE",
       start + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"TE identity", start + "Transfer-Encoding: identity\r\n\r\n"},
      {"TE list", start + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
      {"TE not last", start + "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"},
      {"TE xchunked", start + "Transfer-Encoding: xchunked\r\n\r\n"},
      {"TE in 1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"CL.CL", start + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"},
      {"CL twice the same", start + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"},
      {"CL list", start + "Content-Length: 5, 5\r\n\r\nhello"},
      {"CL plus", start + "Content-Length: +5\r\n\r\nhello"},
      {"CL minus", start + "Content-Length: -5\r\n\r\nhello"},
      {"CL hex", start + "Content-Length: 0x5\r\n\r\nhello"},
      {"CL space inside", start + "Content-Length: 1 0\r\n\r\nhello"},
      {"CL overflow", start + "Content-Length: 18446744073709551617\r\n\r\nhello"},
      {"CL empty", start + "Content-Length:\r\n\r\nhello"},
      {"space before colon", start + "Content-Length : 5\r\n\r\nhello"},
      {"tab before colon", start + "Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n"},
      {"empty name", start + ": 5\r\n\r\n"},
      {"space in name", start + "Content Length: 5\r\n\r\n"},
      {"leading space in the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"},
      {"folded line", start + "X: a\r\n b\r\n\r\n"},
      {"folded length", start + "Content-Length:\r\n 5\r\n\r\nhello"},
      {"folded by tab", start + "X: a\r\n\tb\r\n\r\n"},
      {"bare LF", "GET / HTTP/1.1\nHost: a\n\n"},
      {"bare LF in a field", start + "X: a\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"bare CR in a field", start + "X: a\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"CR CR LF", start + "X: a\r\r\n\r\n"},
      {"NUL in a value", start + std::string("X: a\0b\r\n\r\n", 10)},
      {"no Host", "GET / HTTP/1.1\r\n\r\n"},
      {"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"},
      {"Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
      {"Host with user", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"},
      {"Host list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"},
      {"version 1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n"},
      {"version 2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n"},
      {"version 0.9", "GET /\r\n\r\n"},
      {"version 3", "GET / HTTP/3\r\nHost: a\r\n\r\n"},
      {"two spaces", "GET  /  HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"lower-case protocol", "GET / http/1.1\r\nHost: a\r\n\r\n"},
      {"unknown method", "FETCH / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"target without slash", "GET foo HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"foreign scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"},
  };
  for (const auto& [name, bytes] : attempts) {
    service.exchanges.clear();
    const std::string answer = refusal(bytes);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 Bad Request\r\n")) << name << ": " << answer;
    EXPECT_NE(answer.find("parley-error: bad_request\r\n"), std::string::npos) << name;
    EXPECT_NE(answer.find("application/problem+json"), std::string::npos) << name;
    EXPECT_NE(answer.find(R"("type":"urn:parley:error:bad_request")"), std::string::npos) << name;
    EXPECT_TRUE(service.exchanges.empty()) << name;
  }
}

TEST_F(HttpListenerTest, RefusesChunksThatOthersReadDifferently) {
  const std::string start = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::vector<std::pair<const char*, std::string>> attempts = {
      {"no size", "\r\n\r\n"},
      {"no hex", "g\r\n"},
      {"0x", "0x5\r\nhello\r\n0\r\n\r\n"},
      {"negative", "-5\r\nhello\r\n0\r\n\r\n"},
      {"too many digits", "00000000000000005\r\nhello\r\n0\r\n\r\n"},
      {"bare LF after size", "5\nhello\r\n0\r\n\r\n"},
      {"bare LF in extension", "5;a\nb\r\nhello\r\n0\r\n\r\n"},
      {"bare CR in extension", "5;a\rb\r\nhello\r\n0\r\n\r\n"},
      {"no line break after data", "5\r\nhello0\r\n\r\n"},
      {"longer than said", "4\r\nhello\r\n0\r\n\r\n"},
      {"endless extension", "5;" + std::string(2000, 'a') + "\r\nhello\r\n0\r\n\r\n"},
      {"folded trailer", "0\r\nX: a\r\n b\r\n\r\n"},
      {"trailer without colon", "0\r\nX\r\n\r\n"},
      {"bare LF in trailers", "0\r\nX: a\n\r\n"},
  };
  for (const auto& [name, bytes] : attempts) {
    service.hold = true;  // the answer has not begun
    service.exchanges.clear();
    RawSocket client(loop, endpoint);
    client.send(start);
    ASSERT_TRUE(run_until(loop, [&] { return service.exchanges.size() == 1; }));
    Answer heard;
    heard.consume = false;
    service.exchanges[0]->stream->set_receiver(heard);
    client.send(bytes);
    EXPECT_TRUE(client.expect_end()) << name;
    EXPECT_TRUE(client.received().starts_with("HTTP/1.1 400 ")) << name << client.received();
    EXPECT_EQ(heard.failed, StreamError::protocol_error) << name;
    EXPECT_FALSE(heard.ended) << name;
  }
}

TEST_F(HttpListenerTest, RefusesUpgradesClearly) {
  RawSocket client(loop, endpoint);
  client.send("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  ASSERT_TRUE(client.expect("}\n"));
  EXPECT_TRUE(client.received().starts_with("HTTP/1.1 400 "));
  EXPECT_NE(client.received().find("pgrade"), std::string::npos);
  EXPECT_NE(client.received().find("parley-error: bad_request"), std::string::npos);
  client.send(post("goes on"));
  EXPECT_TRUE(client.expect("goes on"));
  EXPECT_NE(refusal("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n").find("HTTP/1.1 400 "),
            std::string::npos);
}

TEST_F(HttpListenerTest, IgnoresAnOfferToUpgradeToHttp2) {
  RawSocket client(loop, endpoint);
  client.send(post("plain",
                   "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                   "HTTP2-Settings: AAMAAABkAAQAAP__\r\nX-Kept: yes\r\n"));
  ASSERT_TRUE(client.expect("plain"));
  const Headers expected = {{"x-kept", "yes"}};
  EXPECT_EQ(service.exchanges[0]->head.headers, expected);
}

TEST_F(HttpListenerTest, TakesFieldsOfTheConnectionOutOfTheHead) {
  RawSocket client(loop, endpoint);
  client.send(
      "GET http://Example.com:80/a?b HTTP/1.1\r\nHost: other\r\nConnection: close, X-Hop\r\n"
      "X-Hop: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\nProxy-Connection: x\r\nAccept:  a, b \r\n\r\n");
  ASSERT_TRUE(run_until(loop, [&] { return service.exchanges.size() == 1; }));
  const RequestHead& head = service.exchanges[0]->head;
  const Headers expected = {{"accept", "a, b"}};
  EXPECT_EQ(head.headers, expected);
  EXPECT_EQ(head.authority, "Example.com:80");
  EXPECT_EQ(head.target, "/a?b");
  EXPECT_EQ(head.method, "GET");
  EXPECT_EQ(head.body_size, 0U);
}

TEST_F(HttpListenerTest, RefusesHeadsThatAreTooLarge) {
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\n";
  EXPECT_TRUE(refusal(start + "X: " + std::string(70'000, 'x')).starts_with("HTTP/1.1 431 "));
  EXPECT_TRUE(
      refusal(start + "X: " + std::string(70'000, 'x') + "\r\n\r\n").starts_with("HTTP/1.1 431 "));
  std::string many = start;
  for (int i = 0; i < 128; ++i) many += "X: y\r\n";
  EXPECT_TRUE(refusal(many + "\r\n").starts_with("HTTP/1.1 431 "));
  EXPECT_TRUE(refusal("GET /" + std::string(20'000, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n")
                  .starts_with("HTTP/1.1 414 "));
  RawSocket client(loop, endpoint);
  client.send(start + "X: " + std::string(60'000, 'x') + "\r\n\r\n");
  EXPECT_TRUE(client.expect("HTTP/1.1 200 OK"));
}

TEST_F(HttpListenerTest, LosesPatienceWithASlowHead) {
  HttpListenerOptions options;
  options.head_timeout = std::chrono::milliseconds(80);
  start(options);
  RawSocket client(loop, endpoint);
  std::string_view drip = "GET / HTTP/1.1\r\nHost: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
  ASSERT_TRUE(run_until(loop, [&] {  // a byte each time, for ever
    std::string_view one = drip.size() > 20 ? drip.substr(0, 1) : "a";
    if (drip.size() > 20) drip.remove_prefix(1);
    client.take(one);
    return client.ended();
  }));
  EXPECT_TRUE(client.received().starts_with("HTTP/1.1 408 "));
}

TEST_F(HttpListenerTest, LosesPatienceWithIdleAndStuckConnections) {
  HttpListenerOptions options;
  options.keep_alive_timeout = options.body_timeout = std::chrono::milliseconds(80);
  start(options);
  RawSocket idle(loop, endpoint);
  RawSocket stuck(loop, endpoint);
  stuck.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
  ASSERT_TRUE(idle.expect_end());
  ASSERT_TRUE(stuck.expect_end());
  EXPECT_EQ(service.exchanges[0]->failed, StreamError::timed_out);
}

TEST_F(HttpListenerTest, ASlowClientGetsAllOfTheLastAnswer) {
  HttpListenerOptions options;
  options.linger_timeout = std::chrono::milliseconds(20);
  start(options);
  service.hold = true;
  RawSocket client(loop, endpoint);
  client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  ASSERT_TRUE(run_until(loop, [&] { return service.exchanges.size() == 1; }));
  auto& stream = *service.exchanges[0]->stream;
  const std::string piece = pattern(128 * 1024);
  std::size_t sent = 0;
  stream.send_response_head({.status = 200, .headers = {}, .body_size = std::nullopt});
  for (; stream.unsent() < Stream::high_water; sent += piece.size()) {
    stream.send_data(base::as_bytes(piece));
  }
  stream.send_end({});
  service.exchanges[0]->stream.reset();
  // It reads nothing for many times as long as a client gets that has all of its answer.
  const auto later = std::chrono::steady_clock::now() + 10 * options.linger_timeout;
  ASSERT_TRUE(run_until(loop, [&] { return std::chrono::steady_clock::now() > later; }));
  ASSERT_TRUE(client.expect_end());
  EXPECT_TRUE(client.received().ends_with("\r\n0\r\n\r\n"));
  EXPECT_GT(client.received().size(), sent);
  EXPECT_TRUE(run_until(loop, [&] { return listener->connections() == 0; }));
}

TEST_F(HttpListenerTest, ClosesConnectionsBeyondItsBound) {
  HttpListenerOptions options;
  options.connections_max = 2;
  start(options);
  RawSocket first(loop, endpoint);
  RawSocket second(loop, endpoint);
  ASSERT_TRUE(run_until(loop, [&] { return listener->connections() == 2; }));
  RawSocket third(loop, endpoint);
  EXPECT_TRUE(third.expect_end());
  EXPECT_EQ(listener->counters().refused, 1U);
  first.close();
  ASSERT_TRUE(run_until(loop, [&] { return listener->connections() == 1; }));
}

TEST_F(HttpListenerTest, DrainsByFinishingWhatIsUnderWay) {
  service.hold = true;
  RawSocket busy(loop, endpoint);
  RawSocket idle(loop, endpoint);
  idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(run_until(loop, [&] { return service.exchanges.size() == 1; }));
  EchoService::answer(*service.exchanges[0]);
  ASSERT_TRUE(idle.expect("HTTP/1.1 200 OK"));
  busy.send(post("last"));
  ASSERT_TRUE(run_until(loop, [&] { return service.exchanges.size() == 2; }));
  listener->drain();
  EXPECT_TRUE(idle.expect_end());
  EchoService::answer(*service.exchanges[1]);
  ASSERT_TRUE(busy.expect_end());
  EXPECT_NE(busy.received().find("connection: close"), std::string::npos);
  EXPECT_TRUE(busy.received().ends_with("last"));
}

TEST_F(HttpListenerTest, SaysThatAPortIsTaken) {
  HttpListener second(loop, service, {});
  const auto bound = second.listen(endpoint);
  ASSERT_FALSE(bound);
  EXPECT_EQ(bound.error(), std::errc::address_in_use);
}

TEST_F(HttpListenerTest, GarbageOn10000ConnectionsChangesNothing) {
  std::uint64_t state = 1;
  const auto draw = [&state] {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return static_cast<std::size_t>(state >> 33);
  };
  const std::string whole = post("truncated");
  for (int i = 0; i < 10'000; ++i) {
    RawSocket client(loop, endpoint);
    std::string bytes = pattern(draw() % 300);
    if (i % 2 == 0) bytes = whole.substr(0, draw() % whole.size());
    for (std::size_t at = 0; at < bytes.size() && i % 2 == 1; at += 1 + draw() % 5) {
      bytes[at] = static_cast<char>(draw());
    }
    std::string_view rest = bytes;
    client.take(rest);
    loop.restart();
    loop.poll();
    if (i % 3 == 0) client.reset();
  }
  ASSERT_TRUE(run_until(loop, [&] { return listener->connections() == 0; }));
  RawSocket client(loop, endpoint);
  client.send(post("alive"));
  EXPECT_TRUE(client.expect("alive"));
}

TEST_F(HttpListenerTest, ClosesEverythingWhenDestroyed) {
  service.hold = true;
  RawSocket client(loop, endpoint);
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(run_until(loop, [&] { return service.exchanges.size() == 1; }));
  auto& exchange = *service.exchanges[0];
  exchange.stream->set_receiver(exchange);
  listener.reset();
  EXPECT_TRUE(client.expect_end());
  exchange.stream->send_response_head({});
  exchange.stream->send_end({});
  EXPECT_FALSE(exchange.failed.has_value());
}

}  // namespace
}  // namespace transport
