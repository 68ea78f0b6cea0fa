#include "transport/http2_session.h"

#include "base/rng.h"
#include "tests/fuzz/http2_session_input.h"
#include "tests/transport/link_fixture.h"

#include <gmock/gmock.h>

namespace transport {
namespace {

using namespace link_fixture;
using testing::ElementsAre;
using namespace std::chrono_literals;

base::Instant at(base::Duration time) {
  return base::Instant() + time;
}

// A client and a server that talk without a connection, and without time but ours.
class Http2SessionTest : public testing::Test {
 protected:
  explicit Http2SessionTest(Http2Options server = {}, Http2Options client = {})
      : server_(Http2Side::server, server, &service_, {}, [] {}),
        client_(Http2Side::client, client, nullptr, {}, [] {}) {}

  // Lets each side say all that it has to; false as soon as one finds fault with the other.
  bool talk() {
    bool holds = true;
    for (bool said = true; said && holds;) {
      said = false;
      for (auto [from, to] : {std::pair(&client_, &server_), std::pair(&server_, &client_)}) {
        base::Bytes bytes;
        from->take_output(bytes, 64 * 1024);
        if (bytes.empty()) continue;
        said = true;
        if (!to->on_bytes(now_, bytes)) holds = false;
      }
    }
    return holds;
  }
  std::unique_ptr<Stream> open(Collector& collector, RequestHead head = request()) {
    auto stream = client_.open(std::move(head), collector);
    collector.stream = stream.get();
    return stream;
  }
  // A frame by hand (RFC 9113, 4.1).
  static base::Bytes frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                           std::string_view payload) {
    base::Bytes out;
    for (const std::uint64_t byte :
         {std::uint64_t{payload.size() >> 16}, std::uint64_t{payload.size() >> 8},
          std::uint64_t{payload.size()}, std::uint64_t{type}, std::uint64_t{flags},
          std::uint64_t{stream >> 24}, std::uint64_t{stream >> 16}, std::uint64_t{stream >> 8},
          std::uint64_t{stream}}) {
      out.push_back(static_cast<std::byte>(byte & 255));
    }
    const base::ByteView body = base::as_bytes(payload);
    out.insert(out.end(), body.begin(), body.end());
    return out;
  }
  bool server_hears(const base::Bytes& bytes) { return server_.on_bytes(now_, bytes); }
  bool begin_by_hand() {
    return server_hears(base::to_bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")) &&
           server_hears(frame(4, 0, 0, ""));
  }

  base::Instant now_ = at(1s);
  EchoService service_;
  Http2Session server_;
  Http2Session client_;
};

TEST_F(Http2SessionTest, EchoesWithTrailers) {
  Collector collector;
  auto stream = open(collector);
  stream->send_data(base::to_bytes("hello"));
  stream->send_end({{.name = "x-last", .value = "1"}});
  ASSERT_TRUE(talk());
  EXPECT_EQ(base::as_text(collector.body), "hello");
  EXPECT_EQ(*collector.trailers, (Headers{{.name = "x-count", .value = "5"}}));
  EXPECT_EQ(client_.open_streams(), 0U);
  EXPECT_EQ(server_.open_streams(), 0U);
}

TEST_F(Http2SessionTest, KeepsSizesAndDropsWhatIsHopByHop) {
  Collector collector;
  RequestHead head = request("GET", "/x");
  head.body_size = 0;
  head.headers.push_back({.name = "content-type", .value = "application/grpc"});
  auto stream = open(collector, head);
  stream->send_end({});
  ASSERT_TRUE(talk());
  const RequestHead& seen = service_.exchanges.front().head;
  EXPECT_EQ(seen.body_size, 0U);
  EXPECT_EQ(seen.authority, "node");
  EXPECT_EQ(seen.headers, head.headers);
}

TEST_F(Http2SessionTest, RefusesWhatTheOtherSideDidNotProcessBeforeItLeft) {
  Collector first;
  auto one = open(first);
  ASSERT_TRUE(talk());
  server_.shut_down();
  Collector second;
  auto two = open(second);  // crosses the GOAWAY
  ASSERT_TRUE(talk());
  EXPECT_EQ(second.error, StreamError::refused);
  EXPECT_FALSE(first.done());
  Collector third;
  auto three = open(third);
  EXPECT_FALSE(third.done());
  one->send_end({});
  ASSERT_TRUE(talk());
  EXPECT_EQ(third.error, StreamError::refused);
  EXPECT_FALSE(first.error.has_value());
  EXPECT_TRUE(client_.finished());
  EXPECT_TRUE(server_.finished());
}

TEST_F(Http2SessionTest, FailsEveryStreamWhenTheConnectionEnds) {
  Collector seen;
  auto one = open(seen);
  ASSERT_TRUE(talk());
  Collector unseen;
  auto two = open(unseen);
  client_.close(StreamError::connection_lost);
  EXPECT_EQ(seen.error, StreamError::connection_lost);
  EXPECT_EQ(unseen.error, StreamError::refused);
}

TEST_F(Http2SessionTest, SendsTheWholeAnswerWhenTheServiceLetsGo) {
  Collector collector;
  auto stream = open(collector);
  ASSERT_TRUE(talk());
  auto& exchange = service_.exchanges.front();
  exchange.stream->send_data(base::Bytes(500'000));
  exchange.stream->send_end({});
  exchange.stream.reset();
  ASSERT_TRUE(talk());
  EXPECT_EQ(collector.body.size(), 500'000U);
  EXPECT_TRUE(collector.trailers.has_value());
  EXPECT_FALSE(collector.error.has_value());  // our own body is just not wanted any more
  stream->send_data(base::Bytes(1000));
  EXPECT_EQ(stream->unsent(), 0U);
}

TEST_F(Http2SessionTest, AnswersExpectContinueWhenTheServiceIsReady) {
  service_.accepts = false;
  Collector collector;
  RequestHead head = request();
  head.headers.push_back({.name = "expect", .value = "100-continue"});
  auto stream = open(collector, head);
  ASSERT_TRUE(talk());
  auto& exchange = service_.exchanges.front();
  exchange.stream->set_receiver(exchange);
  base::Bytes bytes;
  server_.take_output(bytes, 64 * 1024);
  ASSERT_GE(bytes.size(), 9U);
  EXPECT_EQ(bytes[3], std::byte{1});  // HEADERS
  ASSERT_TRUE(client_.on_bytes(now_, bytes));
  EXPECT_FALSE(collector.head.has_value());
}

TEST_F(Http2SessionTest, AsksForASignOfLifeAndGivesUpWithout) {
  Http2Session client(Http2Side::client, {.ping_after = 10s, .ping_timeout = 5s}, nullptr, {},
                      [] {});
  base::Bytes sent;
  client.take_output(sent, 64 * 1024);
  EXPECT_EQ(client.next_deadline(), base::Instant::never());
  ASSERT_TRUE(client.on_bytes(at(1s), frame(4, 0, 0, "")));
  Collector collector;
  auto stream = client.open(request(), collector);
  EXPECT_EQ(client.next_deadline(), at(11s));
  EXPECT_TRUE(client.on_time(at(11s)));
  EXPECT_EQ(client.next_deadline(), at(16s));
  ASSERT_TRUE(client.on_bytes(at(12s), frame(6, 1, 0, "12345678")));
  EXPECT_EQ(client.next_deadline(), at(22s));
  EXPECT_TRUE(client.on_time(at(22s)));
  EXPECT_FALSE(client.on_time(at(27s)));
}

TEST_F(Http2SessionTest, EndsASessionThatResetsTooOften) {
  ASSERT_TRUE(begin_by_hand());
  // :method GET, :scheme http, :path / from HPACK's static table, :authority by literal.
  const std::string_view head(
      "\x82\x86\x84\x41\x01"
      "a",
      6);
  bool holds = true;
  std::uint32_t opened = 0;
  for (; holds && opened < 5000; ++opened) {
    base::Bytes bytes = frame(1, 4, opened * 2 + 1, head);
    const base::Bytes reset = frame(3, 0, opened * 2 + 1, std::string_view("\0\0\0\x8", 4));
    bytes.insert(bytes.end(), reset.begin(), reset.end());
    holds = server_hears(bytes);
    base::Bytes ignored;
    server_.take_output(ignored, 64 * 1024);
  }
  EXPECT_FALSE(holds);
  EXPECT_EQ(opened, Http2Options{}.resets_max + 1);
}

TEST_F(Http2SessionTest, ForgivesResetsThatAreSpreadOut) {
  ASSERT_TRUE(begin_by_hand());
  const std::string_view head(
      "\x82\x86\x84\x41\x01"
      "a",
      6);
  for (std::uint32_t i = 0; i < 3000; ++i) {
    now_ = now_ + 2ms;
    ASSERT_TRUE(server_hears(frame(1, 4, i * 2 + 1, head)));
    ASSERT_TRUE(server_hears(frame(3, 0, i * 2 + 1, std::string_view("\0\0\0\x8", 4)))) << i;
    base::Bytes ignored;
    server_.take_output(ignored, 64 * 1024);
  }
}

TEST_F(Http2SessionTest, EndsASessionThatFloodsPingsAndReadsNothing) {
  ASSERT_TRUE(begin_by_hand());
  int pings = 0;
  while (pings < 10'000 && server_hears(frame(6, 0, 0, "12345678"))) ++pings;
  EXPECT_LE(pings, 300);
}

TEST_F(Http2SessionTest, EndsASessionThatFloodsContinuations) {
  ASSERT_TRUE(begin_by_hand());
  ASSERT_TRUE(server_hears(frame(1, 0, 1, "\x82")));
  int continuations = 0;
  while (continuations < 1000 && server_hears(frame(9, 0, 1, ""))) ++continuations;
  EXPECT_LE(continuations, 16);
}

TEST_F(Http2SessionTest, RefusesAHeadThatIsTooLarge) {
  Collector collector;
  RequestHead head = request();
  for (int i = 0; i < 20; ++i) {
    head.headers.push_back(
        {.name = "x-large-" + std::to_string(i), .value = std::string(4000, 'v')});
  }
  auto stream = open(collector, head);
  ASSERT_TRUE(talk());
  EXPECT_TRUE(collector.error.has_value());
  EXPECT_TRUE(service_.exchanges.empty());
  Collector next;
  auto small = open(next);
  small->send_end({});
  ASSERT_TRUE(talk());
  EXPECT_FALSE(next.error.has_value());
}

TEST_F(Http2SessionTest, NeverTakesMoreStreamsThanAllowed) {
  std::list<Collector> collectors;
  std::vector<std::unique_ptr<Stream>> streams;
  for (std::uint32_t i = 0; i < Http2Options{}.streams_max + 1; ++i) {
    streams.push_back(open(collectors.emplace_back()));
  }
  EXPECT_FALSE(client_.accepts_streams());
  ASSERT_TRUE(talk());
  EXPECT_EQ(collectors.back().error, StreamError::refused);
  EXPECT_EQ(service_.exchanges.size(), Http2Options{}.streams_max);
}

TEST_F(Http2SessionTest, SurvivesMutationsOfARealConversation) {
  Collector collector;
  auto stream = open(collector);
  stream->send_data(base::to_bytes("hello"));
  stream->send_end({});
  base::Bytes recorded;
  client_.take_output(recorded, 64 * 1024);
  feed_http2_session(recorded);
  base::Rng rng(7);
  for (int round = 0; round < 3000; ++round) {
    base::Bytes mutated = recorded;
    for (std::uint64_t changes = rng.below(6) + 1; changes > 0; --changes) {
      const auto where = static_cast<std::size_t>(rng.below(mutated.size()));
      const auto byte = static_cast<std::byte>(rng.below(256));
      if (rng.chance(300'000)) {
        mutated.insert(mutated.begin() + static_cast<std::ptrdiff_t>(where), byte);
      } else {
        mutated[where] = byte;
      }
    }
    feed_http2_session(mutated);
  }
}

}  // namespace
}  // namespace transport
