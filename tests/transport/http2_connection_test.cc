#include "transport/http2_connection.h"

#include "tests/transport/loopback.h"

#include <asio/ip/tcp.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace transport {
namespace {

// Answers every request with more than sockets take.
class FloodingService final : public Service {
 public:
  void on_request(RequestHead /*head*/, std::unique_ptr<Stream> stream,
                  const RequestOrigin& /*origin*/) override {
    stream->send_response_head({.status = 200, .headers = {}, .body_size = std::nullopt});
    stream->send_data(base::Bytes(std::size_t{64} << 20));
    kept_ = std::move(stream);
  }

 private:
  std::unique_ptr<Stream> kept_;
};

std::string frame(char type, char flags, char stream, const std::string& payload) {
  std::string out{0, 0, static_cast<char>(payload.size()), type, flags, 0, 0, 0, stream};
  return out + payload;
}

// A client that opens all windows, asks for something, and then neither reads nor writes.
std::string request_without_limits() {
  const std::string largest{0x7f, 0, 0, 0};
  return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, std::string{0, 4} + largest) +
         frame(8, 0, 0, largest) +
         frame(1, 5, 1,
               "\x82\x86\x84\x41\x01"
               "a");
}

TEST(Http2ConnectionTest, NeverEndsInsideACallOfItsOwner) {
  asio::io_context loop{1};
  asio::ip::tcp::acceptor acceptor(loop, to_asio(loopback_any));
  RawSocket client(loop, from_asio(acceptor.local_endpoint()));
  FloodingService service;
  Http2Scratch scratch;
  std::optional<StreamError> ended;
  Http2Connection::Start start{.socket = acceptor.accept(),
                               .side = Http2Side::server,
                               .options = {.ping_after = std::chrono::seconds(1)},
                               .service = &service,
                               .origin = {},
                               .tls = nullptr,
                               .already_read = {},
                               .on_ended = [&](StreamError why) { ended = why; }};
  const auto connection = Http2Connection::start(std::move(start), scratch);
  client.send(request_without_limits());
  // Full sockets: bytes leave no more.
  std::uint64_t written = 0;
  ASSERT_TRUE(run_until(loop, [&] {
    const std::uint64_t before = std::exchange(written, connection->counters().bytes_out);
    return written > 256 * 1024 && written == before;
  }));
  ASSERT_EQ(connection->open_streams(), 1U);
  connection->on_time(connection->next_deadline());  // asks for a sign of life
  connection->on_time(connection->next_deadline());  // there was none
  EXPECT_FALSE(ended);
  EXPECT_FALSE(connection->accepts_streams());
  ASSERT_TRUE(run_until(loop, [&] { return ended.has_value(); }));
  EXPECT_EQ(*ended, StreamError::connection_lost);
}

}  // namespace
}  // namespace transport
