#include "transport/peer_links.h"

#include "tests/transport/link_fixture.h"
#include "transport/tls_session.h"

#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>
#include <gmock/gmock.h>

namespace transport {
namespace {

using namespace link_fixture;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

base::Bytes pattern(std::size_t size) {
  base::Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 131 >> 3);
  return bytes;
}

class PeerLinksTest : public testing::Test {
 protected:
  bool run(const std::function<bool()>& is_so) { return run_until(loop_, is_so); }

  asio::io_context loop_;
  TestNode a_{loop_, 1};
  TestNode b_{loop_, 2};
  base::Endpoint at_b_ = b_.listen();
};

TEST_F(PeerLinksTest, CarriesBodiesOfAllSizesBothWays) {
  for (const std::size_t size : {0UL, 1UL, 1024UL, 65'536UL, 8UL << 20}) {
    const base::Bytes body = pattern(size);
    Collector collector;
    auto stream = a_.open(b_.id(), at_b_, collector);
    stream->send_data(body);
    stream->send_end({});
    ASSERT_TRUE(run([&] { return collector.done(); })) << size;
    ASSERT_FALSE(collector.error.has_value()) << to_string(*collector.error);
    EXPECT_EQ(collector.head->status, 200);
    EXPECT_EQ(find_header(collector.head->headers, "x-echo"), "yes");
    EXPECT_TRUE(collector.body == body) << size;
    EXPECT_EQ(find_header(*collector.trailers, "x-count"), std::to_string(size));
    ASSERT_NE(stream->peer(), nullptr);
    EXPECT_EQ(*stream->peer(), b_.id());
  }
  EXPECT_EQ(a_.links->counters().handshakes, 1U);
  EXPECT_EQ(a_.links->counters().accepted, 0U);
  EXPECT_EQ(b_.links->counters().accepted, 1U);
  EXPECT_EQ(a_.links->counters().links, 1U);
}

TEST_F(PeerLinksTest, TellsTheServiceWhoAsks) {
  Collector collector;
  auto stream = a_.open(std::nullopt, at_b_, collector, request("PUT", "/who?x=1"));
  stream->send_end({});
  ASSERT_TRUE(run([&] { return collector.done(); }));
  const auto& exchange = b_.service.exchanges.front();
  EXPECT_EQ(exchange.origin.peer, a_.id());
  EXPECT_EQ(exchange.head.method, "PUT");
  EXPECT_EQ(exchange.head.target, "/who?x=1");
  EXPECT_EQ(exchange.head.headers, (Headers{{.name = "x-test", .value = "1"}}));
  EXPECT_EQ(*stream->peer(), b_.id());
}

TEST_F(PeerLinksTest, CarriesManyStreamsAtOnceOverOneLink) {
  std::vector<Collector> collectors(64);
  std::vector<std::unique_ptr<PeerStream>> streams;
  const base::Bytes body = pattern(100'000);
  for (Collector& collector : collectors) {
    streams.push_back(a_.open(b_.id(), at_b_, collector));
    streams.back()->send_data(body);
    streams.back()->send_end({});
  }
  ASSERT_TRUE(run([&] {
    return std::all_of(collectors.begin(), collectors.end(), [](auto& c) { return c.done(); });
  }));
  for (const Collector& collector : collectors) EXPECT_TRUE(collector.body == body);
  EXPECT_EQ(b_.links->counters().handshakes, 1U);
}

TEST_F(PeerLinksTest, StopsASenderWhoseReceiverConsumesNothing) {
  b_.service.consumes = false;
  Collector collector;
  auto stream = a_.open(b_.id(), at_b_, collector);
  const base::Bytes body = pattern(2 << 20);
  stream->send_data(body);
  const std::size_t window = Http2Options{}.stream_window;
  ASSERT_TRUE(run([&] {
    return !b_.service.exchanges.empty() && b_.service.exchanges.front().owed >= window;
  }));
  // Another stream passes meanwhile, and brings the loop to rest.
  b_.service.consumes = true;
  Collector second;
  auto other = a_.open(b_.id(), at_b_, second);
  other->send_end({});
  ASSERT_TRUE(run([&] { return second.done(); }));
  auto& slow = b_.service.exchanges.front();
  EXPECT_EQ(slow.owed, window);
  EXPECT_EQ(stream->unsent(), body.size() - window);
  EXPECT_EQ(collector.writable, 0);

  slow.stream->consumed(slow.owed);
  stream->send_end({});
  ASSERT_TRUE(run([&] { return collector.done(); }));
  EXPECT_EQ(slow.received, body.size());
  EXPECT_EQ(collector.writable, 1);
  EXPECT_EQ(stream->unsent(), 0U);
}

TEST_F(PeerLinksTest, TellsTheOtherSideThatAStreamWasGivenUp) {
  Collector collector;
  auto stream = a_.open(b_.id(), at_b_, collector);
  ASSERT_TRUE(run([&] { return collector.head.has_value(); }));
  stream.reset();
  ASSERT_TRUE(run([&] { return !b_.service.failures.empty(); }));
  EXPECT_THAT(b_.service.failures, ElementsAre(StreamError::cancelled));
  EXPECT_FALSE(collector.done());
}

TEST_F(PeerLinksTest, FailsAsCancelledWhenTheServiceGivesUp) {
  Collector collector;
  auto stream = a_.open(b_.id(), at_b_, collector, request("REFUSE"));
  ASSERT_TRUE(run([&] { return collector.done(); }));
  EXPECT_EQ(collector.error, StreamError::cancelled);
}

TEST_F(PeerLinksTest, LetsAReceiverDestroyItsStreamInsideACallback) {
  Collector collector;
  auto stream = a_.open(b_.id(), at_b_, collector);
  collector.after_data = [&] { stream.reset(); };
  stream->send_data(pattern(1000));
  ASSERT_TRUE(run([&] { return stream == nullptr && !b_.service.failures.empty(); }));
  EXPECT_FALSE(collector.done());
}

TEST_F(PeerLinksTest, HoldsTheBodyUntilTheServiceSetsAReceiver) {
  b_.service.accepts = false;
  Collector collector;
  auto stream = a_.open(b_.id(), at_b_, collector);
  const base::Bytes body = pattern(5000);
  stream->send_data(body);
  stream->send_end({});
  ASSERT_TRUE(run([&] { return b_.service.exchanges.size() == 1 && stream->unsent() == 0; }));
  auto& exchange = b_.service.exchanges.front();
  exchange.stream->set_receiver(exchange);
  EXPECT_EQ(exchange.received, 0U);
  exchange.stream->send_response_head({.status = 201, .headers = {}, .body_size = std::nullopt});
  ASSERT_TRUE(run([&] { return collector.done(); }));
  EXPECT_TRUE(collector.body == body);
  EXPECT_EQ(collector.head->status, 201);
}

TEST_F(PeerLinksTest, FailsAsConnectionLostWhenTheLinkBreaks) {
  Collector collector;
  auto stream = a_.open(b_.id(), at_b_, collector);
  ASSERT_TRUE(run([&] { return collector.head.has_value(); }));
  b_.links.reset();
  ASSERT_TRUE(run([&] { return collector.done(); }));
  EXPECT_EQ(collector.error, StreamError::connection_lost);
  EXPECT_THAT(a_.lost, ElementsAre(b_.id()));
  EXPECT_EQ(a_.links->counters().links, 0U);
}

TEST_F(PeerLinksTest, DropsANodesLinksAtOnce) {
  Collector collector;
  auto stream = a_.open(b_.id(), at_b_, collector);
  ASSERT_TRUE(run([&] { return collector.head.has_value(); }));
  a_.links->drop(b_.id());
  EXPECT_FALSE(a_.links->has_link(b_.id()));
  EXPECT_FALSE(collector.done());
  ASSERT_TRUE(run([&] { return collector.done() && !b_.lost.empty(); }));
  EXPECT_EQ(collector.error, StreamError::connection_lost);
  EXPECT_TRUE(a_.lost.empty());
}

TEST_F(PeerLinksTest, FinishesWhatIsInFlightWhenTheOtherSideShutsDown) {
  Collector collector;
  auto stream = a_.open(b_.id(), at_b_, collector);
  ASSERT_TRUE(run([&] { return collector.head.has_value(); }));
  b_.links->shut_down();
  stream->send_data(pattern(100'000));
  stream->send_end({});
  ASSERT_TRUE(run([&] { return collector.done(); }));
  EXPECT_FALSE(collector.error.has_value());
  EXPECT_EQ(collector.body.size(), 100'000U);
  ASSERT_TRUE(run([&] { return a_.links->counters().links == 0; }));
  EXPECT_TRUE(a_.lost.empty());
  EXPECT_TRUE(b_.lost.empty());
}

TEST_F(PeerLinksTest, RefusesAnotherNodeThanTheOneAskedFor) {
  Collector collector;
  auto stream = a_.open(identity_of(9).id(), at_b_, collector);
  ASSERT_TRUE(run([&] { return collector.done(); }));
  EXPECT_EQ(collector.error, StreamError::wrong_identity);
  EXPECT_EQ(a_.links->counters().failed_identity, 1U);
  EXPECT_TRUE(b_.service.exchanges.empty());
  EXPECT_THAT(a_.texts, ElementsAre(HasSubstr(b_.id().short_hex())));
}

TEST_F(PeerLinksTest, RefusesANodeOfAnotherMesh) {
  TestNode stranger(loop_, 3, {}, 7);
  Collector collector;
  auto stream = stranger.open(b_.id(), at_b_, collector);
  ASSERT_TRUE(run([&] { return collector.done() && !b_.texts.empty(); }));
  EXPECT_EQ(collector.error, StreamError::connect_failed);
  EXPECT_THAT(stranger.texts, ElementsAre(HasSubstr("is for mesh 01010101")));
  EXPECT_EQ(b_.links->counters().links, 0U);
}

TEST_F(PeerLinksTest, NamesTheDifferenceOfTheClocks) {
  a_.clock.milliseconds += 25LL * 3600 * 1000;
  Collector collector;
  auto stream = a_.open(b_.id(), at_b_, collector);
  ASSERT_TRUE(run([&] { return collector.done(); }));
  EXPECT_EQ(collector.error, StreamError::connect_failed);
  EXPECT_THAT(a_.texts, ElementsAre(HasSubstr("expired 1h ago")));
  EXPECT_EQ(a_.links->counters().failed_certificate, 1U);
}

TEST_F(PeerLinksTest, MakesANewCertificateWhenTheClockWasSetBack) {
  // The certificate that `early` made is not valid for days yet.
  crypto::Seed seed;
  seed.bytes[0] = std::byte{9};
  const crypto::Identity identity = crypto::Identity::from_seed(seed);
  constexpr std::int64_t day = 24LL * 3600 * 1000;
  const base::WallTime true_time = a_.clock;
  const base::WallTime early{.milliseconds = true_time.milliseconds + 3 * day};
  TlsContext context(identity, base::MeshId(), early, {});
  EXPECT_FALSE(context.rotation_due(early));
  EXPECT_TRUE(context.rotation_due(true_time));
  context.rotate(true_time);
  EXPECT_FALSE(context.rotation_due(true_time));
}

TEST_F(PeerLinksTest, KeepsOutWhomThePolicyDoesNotAdmit) {
  b_.admits = false;
  Collector collector;
  auto stream = a_.open(b_.id(), at_b_, collector);
  ASSERT_TRUE(run([&] { return collector.done(); }));
  EXPECT_EQ(collector.error, StreamError::connect_failed);
  EXPECT_EQ(b_.links->counters().failed_admission, 1U);
  EXPECT_TRUE(a_.lost.empty());
  EXPECT_TRUE(a_.links->refused_by(b_.id()));
  b_.admits = true;
  Collector again;
  auto second = a_.open(b_.id(), at_b_, again);
  second->send_end({});
  ASSERT_TRUE(run([&] { return again.done(); }));
  EXPECT_FALSE(a_.links->refused_by(b_.id()));
}

TEST_F(PeerLinksTest, RotatesTheCertificateUnderALinkInUse) {
  Collector first;
  auto stream = a_.open(b_.id(), at_b_, first);
  ASSERT_TRUE(run([&] { return first.head.has_value(); }));
  // Both certificates of before are out of date now.
  a_.clock.milliseconds += 30LL * 3600 * 1000;
  b_.clock = a_.clock;
  a_.links->rotate();
  b_.links->rotate();
  stream->send_data(pattern(1000));
  stream->send_end({});
  ASSERT_TRUE(run([&] { return first.done(); }));
  EXPECT_FALSE(first.error.has_value());
  Collector second;
  auto fresh = a_.open(std::nullopt, at_b_, second);
  fresh->send_end({});
  ASSERT_TRUE(run([&] { return second.done(); }));
  EXPECT_FALSE(second.error.has_value());
  EXPECT_EQ(a_.links->counters().handshakes, 2U);
}

TEST_F(PeerLinksTest, LetsBothSidesDialAtOnce) {
  const base::Endpoint at_a = a_.listen();
  Collector from_a;
  Collector from_b;
  auto there = a_.open(b_.id(), at_b_, from_a);
  auto back = b_.open(a_.id(), at_a, from_b);
  there->send_end({});
  back->send_end({});
  ASSERT_TRUE(run([&] { return from_a.done() && from_b.done(); }));
  EXPECT_FALSE(from_a.error.has_value());
  EXPECT_FALSE(from_b.error.has_value());
}

TEST_F(PeerLinksTest, FailsWhenNobodyListens) {
  asio::ip::tcp::acceptor taken(loop_, {asio::ip::address_v4::loopback(), 0});
  const auto at = base::Endpoint::v4({127, 0, 0, 1}, taken.local_endpoint().port());
  taken.close();
  Collector collector;
  auto stream = a_.open(b_.id(), at, collector);
  ASSERT_TRUE(run([&] { return collector.done(); }));
  EXPECT_EQ(collector.error, StreamError::connect_failed);
  EXPECT_EQ(a_.links->counters().failed_to_connect, 1U);
  EXPECT_THAT(a_.texts, ElementsAre(HasSubstr("cannot connect to a node")));
}

TEST_F(PeerLinksTest, LeavesItToTheAskerToSayThatNobodyIsAtASeed) {
  asio::ip::tcp::acceptor taken(loop_, {asio::ip::address_v4::loopback(), 0});
  const auto at = base::Endpoint::v4({127, 0, 0, 1}, taken.local_endpoint().port());
  taken.close();
  Collector collector;
  auto stream = a_.open(std::nullopt, at, collector);
  ASSERT_TRUE(run([&] { return collector.done(); }));
  EXPECT_EQ(collector.error, StreamError::connect_failed);
  EXPECT_EQ(a_.links->counters().failed_to_connect, 1U);
  EXPECT_TRUE(a_.texts.empty());
}

TEST_F(PeerLinksTest, GivesUpOnAPeerThatSaysNothing) {
  asio::ip::tcp::acceptor silent(loop_, {asio::ip::address_v4::loopback(), 0});
  const auto at = base::Endpoint::v4({127, 0, 0, 1}, silent.local_endpoint().port());
  Collector collector;
  auto stream = a_.links->open(b_.id(), at, request(), collector, 30ms);
  ASSERT_TRUE(run([&] { return collector.done(); }));
  EXPECT_EQ(collector.error, StreamError::timed_out);
}

TEST_F(PeerLinksTest, DropsAStrangerThatStallsAndServesOthers) {
  TestNode c(loop_, 4, {.handshakes_max = 2, .handshake_timeout = 100ms});
  const base::Endpoint at = c.listen();
  std::vector<asio::ip::tcp::socket> strangers;
  for (int i = 0; i < 3; ++i) {
    strangers.emplace_back(loop_).connect({asio::ip::address_v4::loopback(), at.port});
  }
  Collector collector;
  auto stream = a_.open(c.id(), at, collector);
  stream->send_end({});
  ASSERT_TRUE(run([&] { return collector.done(); }));
  EXPECT_FALSE(collector.error.has_value());
  ASSERT_TRUE(run([&] { return c.links->counters().failed_timeout == 3; }));
  EXPECT_EQ(c.links->counters().links, 1U);
}

TEST_F(PeerLinksTest, IsUnmovedByGarbage) {
  asio::ip::tcp::socket stranger(loop_);
  stranger.connect({asio::ip::address_v4::loopback(), at_b_.port});
  asio::write(stranger, asio::buffer(std::string(3000, 'x')));
  ASSERT_TRUE(run([&] { return b_.links->counters().failed_tls == 1; }));
  Collector collector;
  auto stream = a_.open(b_.id(), at_b_, collector);
  stream->send_end({});
  ASSERT_TRUE(run([&] { return collector.done(); }));
  EXPECT_FALSE(collector.error.has_value());
}

// A member of the mesh that speaks TLS as it should and then something else than HTTP/2.
TEST_F(PeerLinksTest, IsUnmovedByGarbageInsideTls) {
  const crypto::Identity identity = identity_of(8);
  const TlsContext context(identity, mesh_of(1), b_.clock, {});
  TlsSession tls(context, TlsSide::client);
  asio::ip::tcp::socket stranger(loop_);
  stranger.connect({asio::ip::address_v4::loopback(), at_b_.port});
  base::Bytes out;
  base::Bytes early;
  ASSERT_EQ(tls.handshake({}, out, early), TlsSession::State::going_on);
  asio::write(stranger, asio::buffer(out));
  stranger.non_blocking(true);
  ASSERT_TRUE(run([&] {
    std::array<std::byte, 4096> buffer;
    std::error_code error;
    const std::size_t size = stranger.read_some(asio::buffer(buffer), error);
    base::Bytes reply;
    if (size > 0) (void)tls.handshake(base::ByteView(buffer).first(size), reply, early);
    if (!reply.empty()) asio::write(stranger, asio::buffer(reply));
    return tls.handshake_complete();
  }));
  out.clear();
  ASSERT_EQ(tls.seal(base::Bytes(2000, std::byte{'x'}), out), TlsSession::State::going_on);
  asio::write(stranger, asio::buffer(out));
  ASSERT_TRUE(run([&] { return b_.links->counters().links_lost == 1; }));
  EXPECT_TRUE(b_.service.exchanges.empty());
  EXPECT_THAT(b_.lost, ElementsAre(identity.id()));
}

TEST_F(PeerLinksTest, ClosesALinkThatIsIdle) {
  TestNode c(loop_, 4, {.idle_timeout = 50ms});
  Collector collector;
  auto stream = c.open(b_.id(), at_b_, collector);
  stream->send_end({});
  ASSERT_TRUE(run([&] { return collector.done(); }));
  EXPECT_TRUE(c.links->has_link(b_.id()));
  ASSERT_TRUE(run([&] { return !c.links->has_link(b_.id()) && !b_.links->has_link(c.id()); }));
  EXPECT_TRUE(c.lost.empty());
  EXPECT_TRUE(b_.lost.empty());
}

TEST_F(PeerLinksTest, EvictsTheIdleLinkThatWasUsedLeastRecently) {
  TestNode c(loop_, 4, {.links_max = 1});
  TestNode d(loop_, 5);
  const base::Endpoint at_d = d.listen();
  Collector first;
  auto to_b = c.open(b_.id(), at_b_, first);
  to_b->send_end({});
  ASSERT_TRUE(run([&] { return first.done(); }));
  to_b.reset();
  Collector second;
  auto to_d = c.open(d.id(), at_d, second);
  ASSERT_TRUE(run([&] { return second.head.has_value(); }));
  EXPECT_FALSE(c.links->has_link(b_.id()));
  Collector third;
  auto again = c.open(b_.id(), at_b_, third);  // the one link is in use now
  ASSERT_TRUE(run([&] { return third.done(); }));
  EXPECT_EQ(third.error, StreamError::refused);
  EXPECT_EQ(c.links->counters().links_evicted, 1U);
}

TEST_F(PeerLinksTest, OneNodeHoldsNoMoreLinksThanItsShare) {
  TestNode c(loop_, 4, {.links_per_peer_max = 2});
  const base::Endpoint at_c = c.listen();
  // Four that show the same key, each with a stream that nobody answers.
  std::list<TestNode> same;
  std::list<Collector> collectors;
  std::list<std::unique_ptr<PeerStream>> streams;
  for (std::size_t i = 1; i <= 4; ++i) {
    TestNode& one = same.emplace_back(loop_, 5);
    streams.push_back(one.open(c.id(), at_c, collectors.emplace_back()));
    ASSERT_TRUE(run([&] { return c.service.exchanges.size() == i; }));
  }
  ASSERT_TRUE(run([&] { return std::next(collectors.begin())->done(); }));
  EXPECT_TRUE(collectors.front().done());
  EXPECT_FALSE(collectors.back().done());
  EXPECT_EQ(c.links->counters().links, 2U);
  EXPECT_EQ(c.links->counters().streams, 2U);
  EXPECT_EQ(c.links->counters().links_evicted, 2U);
}

TEST_F(PeerLinksTest, AsksAndGetsTheWholeAnswer) {
  const base::Bytes question = pattern(700'000);
  std::optional<PeerLinks::Answer> answer;
  a_.links->ask(std::nullopt, at_b_, question, 5s,
                [&](PeerLinks::Answer given) { answer = std::move(given); });
  EXPECT_FALSE(answer.has_value());
  ASSERT_TRUE(run([&] { return answer.has_value(); }));
  ASSERT_TRUE(answer->has_value()) << to_string(answer->error());
  EXPECT_EQ(answer->value().first, b_.id());
  EXPECT_TRUE(answer->value().second == question);
  EXPECT_EQ(b_.service.exchanges.front().head.target, ask_target);
}

TEST_F(PeerLinksTest, GivesUpOnAnAnswerThatDoesNotCome) {
  b_.service.accepts = false;
  std::optional<PeerLinks::Answer> answer;
  a_.links->ask(b_.id(), at_b_, pattern(10), 50ms,
                [&](PeerLinks::Answer given) { answer = std::move(given); });
  ASSERT_TRUE(run([&] { return answer.has_value(); }));
  EXPECT_EQ(answer->error(), StreamError::timed_out);
}

TEST_F(PeerLinksTest, SeeksAPortThatItsPartnerGetsToo) {
  TestNode c(loop_, 4);
  int asked = 0;
  std::vector<std::uint16_t> ports;
  const auto bound = c.links->listen(base::Endpoint::v4({127, 0, 0, 1}, 0), [&](const auto& at) {
    ports.push_back(at.port);
    return ++asked == 3;
  });
  ASSERT_TRUE(bound.has_value());
  EXPECT_EQ(bound->port, ports.back());
  TestNode d(loop_, 5);
  const auto refused = d.links->listen(*bound, {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error(), HasSubstr("cannot listen on 127.0.0.1"));
}

TEST_F(PeerLinksTest, LeavesStreamsSilentThatOutliveIt) {
  Collector collector;
  auto stream = a_.open(b_.id(), at_b_, collector);
  ASSERT_TRUE(run([&] { return collector.head.has_value(); }));
  a_.links.reset();
  ASSERT_TRUE(run([&] { return !b_.service.failures.empty(); }));
  stream->send_data(pattern(10));
  stream->send_end({});
  EXPECT_FALSE(collector.done());
}

}  // namespace
}  // namespace transport
