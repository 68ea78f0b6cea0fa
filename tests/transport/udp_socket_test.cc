#include "transport/udp_socket.h"

#include "tests/transport/loopback.h"

#include <set>

namespace transport {
namespace {

TEST(UdpSocketTest, PassesDatagramsWithTheirSender) {
  asio::io_context loop{1};
  UdpSocket a(loop, {});
  UdpSocket b(loop, {});
  std::vector<std::pair<base::Endpoint, std::string>> heard;
  const auto at_a =
      a.bind(loopback_any, [](const base::Endpoint&, base::ByteView, base::Duration) {});
  const auto at_b =
      b.bind(loopback_any, [&](const base::Endpoint& from, base::ByteView bytes, base::Duration) {
        heard.emplace_back(from, std::string(base::as_text(bytes)));
      });
  ASSERT_TRUE(at_a);
  ASSERT_TRUE(at_b);
  ASSERT_NE(at_b->port, 0);
  const std::string longest = pattern(UdpSocket::datagram_bytes_max);
  a.send(*at_b, base::as_bytes("hello"));
  a.send(*at_b, {});
  a.send(*at_b, base::as_bytes(longest));
  a.send(*at_b, base::as_bytes(longest + "x"));
  ASSERT_TRUE(
      run_until(loop, [&] { return heard.size() == 3 && b.counters().dropped_too_long == 1; }));
  EXPECT_EQ(heard[0], std::make_pair(*at_a, std::string("hello")));
  EXPECT_EQ(heard[1].second, "");
  EXPECT_EQ(heard[2].second, longest);
  EXPECT_EQ(a.counters().sent, 4U);
  EXPECT_EQ(b.counters().received, 3U);
}

TEST(UdpSocketTest, DrainsManyDatagramsInBatches) {
  asio::io_context loop{1};
  UdpSocket a(loop, {});
  UdpSocket b(loop, {.batch_max = 16});
  std::set<std::string> heard;
  ASSERT_TRUE(a.bind(loopback_any, [](const base::Endpoint&, base::ByteView, base::Duration) {}));
  const auto at_b =
      b.bind(loopback_any, [&](const base::Endpoint&, base::ByteView bytes, base::Duration) {
        heard.insert(std::string(base::as_text(bytes)));
      });
  ASSERT_TRUE(at_b);
  for (int i = 0; i < 100; ++i) a.send(*at_b, base::as_bytes(std::to_string(i)));
  EXPECT_TRUE(run_until(loop, [&] { return heard.size() == 100; }));
}

TEST(UdpSocketTest, SaysHowLongADatagramWaited) {
  asio::io_context loop{1};
  UdpSocket a(loop, {});
  UdpSocket b(loop, {});
  std::vector<base::Duration> waits;
  ASSERT_TRUE(a.bind(loopback_any, [](const base::Endpoint&, base::ByteView, base::Duration) {}));
  const auto at_b = b.bind(loopback_any, [&](const base::Endpoint&, base::ByteView,
                                             base::Duration waited) { waits.push_back(waited); });
  ASSERT_TRUE(at_b);
  const auto sent = std::chrono::steady_clock::now();
  a.send(*at_b, base::as_bytes("1"));
  ASSERT_TRUE(run_until(loop, [&] { return waits.size() == 1; }));
  EXPECT_GT(waits[0], base::Duration());
  EXPECT_LE(waits[0], std::chrono::steady_clock::now() - sent);
}

TEST(UdpSocketTest, CountsWhatCannotBeSentAndGoesOn) {
  asio::io_context loop{1};
  UdpSocket a(loop, {});
  int heard = 0;
  const auto at_a =
      a.bind(loopback_any, [&](const base::Endpoint&, base::ByteView, base::Duration) { ++heard; });
  ASSERT_TRUE(at_a);
  a.send(base::Endpoint::v4({127, 0, 0, 1}, 0), base::as_bytes("nowhere"));
  EXPECT_EQ(a.counters().dropped_on_send, 1U);
  UdpSocket gone(loop, {});
  const auto at_gone =
      gone.bind(loopback_any, [](const base::Endpoint&, base::ByteView, base::Duration) {});
  gone.close();
  a.send(*at_gone, base::as_bytes("refused by ICMP"));
  a.send(*at_gone, base::as_bytes("reports it"));
  a.send(*at_a, base::as_bytes("to myself"));
  EXPECT_TRUE(run_until(loop, [&] { return heard == 1; }));
}

TEST(UdpSocketTest, SaysThatAPortIsTaken) {
  asio::io_context loop{1};
  UdpSocket a(loop, {});
  UdpSocket b(loop, {});
  const auto nothing = [](const base::Endpoint&, base::ByteView, base::Duration) {};
  const auto bound = a.bind(loopback_any, nothing);
  ASSERT_TRUE(bound);
  const auto again = b.bind(*bound, nothing);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error(), std::errc::address_in_use);
}

TEST(UdpSocketTest, MayBeDestroyedInsideItsCallback) {
  asio::io_context loop{1};
  auto a = std::make_unique<UdpSocket>(loop, UdpSocketOptions{});
  const auto bound = a->bind(
      loopback_any, [&](const base::Endpoint&, base::ByteView, base::Duration) { a.reset(); });
  a->send(*bound, base::as_bytes("1"));
  a->send(*bound, base::as_bytes("2"));
  EXPECT_TRUE(run_until(loop, [&] { return a == nullptr; }));
}

}  // namespace
}  // namespace transport
