// What the socket tests share: a loop that runs until something holds (with a watchdog, never a
// sleep), a raw client that speaks bytes, a raw server that is fed bytes, and a service that
// echoes.
#pragma once

#include "base/bytes.h"
#include "transport/link_handshake.h"
#include "transport/service.h"

#include <asio/io_context.hpp>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace transport {

inline const base::Endpoint loopback_any = base::Endpoint::v4({127, 0, 0, 1}, 0);

// True if `done` held before the watchdog barked.
inline bool run_until(asio::io_context& loop, const std::function<bool()>& done,
                      std::chrono::seconds watchdog = std::chrono::seconds(20)) {
  const auto end = std::chrono::steady_clock::now() + watchdog;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    loop.restart();
    loop.run_one_for(std::chrono::milliseconds(1));
    loop.restart();
    loop.poll();
  }
  return true;
}

// A connection made of bytes, driven from the same thread as the loop.
class RawSocket {
 public:
  RawSocket(asio::io_context& loop, const base::Endpoint& endpoint) : loop_(loop) {
    const auto address = to_asio(endpoint);
    fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_EQ(::connect(fd_, address.data(), static_cast<socklen_t>(address.size())), 0);
  }
  RawSocket(asio::io_context& loop, int accepted) : loop_(loop), fd_(accepted) {}
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;
  ~RawSocket() { close(); }

  void send(std::string_view bytes) {
    EXPECT_TRUE(run_until(loop_, [&] { return take(bytes) || gone_; }));
  }
  // As much as goes at once; true when all went.
  bool take(std::string_view& bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0) {
        if (errno != EAGAIN) gone_ = true;
        break;
      }
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    pump();
    return bytes.empty();
  }
  void pump() {
    char buffer[65536];
    for (;;) {
      const ssize_t got = ::recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT);
      if (got <= 0) {
        if (got == 0 || errno != EAGAIN) ended_ = true;
        if (got < 0 && errno == ECONNRESET) reset_ = true;
        return;
      }
      received_.append(buffer, static_cast<std::size_t>(got));
    }
  }
  // Runs the loop until the text was received; false if the connection ended before.
  bool expect(std::string_view text) {
    EXPECT_TRUE(run_until(loop_,
                          [&] {
                            pump();
                            return received_.find(text) != std::string::npos || ended_;
                          }))
        << "still waiting for " << text << " in " << received_;
    return received_.find(text) != std::string::npos;
  }
  bool expect_end() {
    return run_until(loop_, [&] {
      pump();
      return ended_;
    });
  }
  void finish_sending() { ::shutdown(fd_, SHUT_WR); }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  void reset() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }

  [[nodiscard]] const std::string& received() const { return received_; }
  std::string take_received() { return std::exchange(received_, {}); }
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] bool was_reset() const { return reset_; }

 private:
  asio::io_context& loop_;
  int fd_ = -1;
  std::string received_;
  bool ended_ = false;
  bool reset_ = false;
  bool gone_ = false;
};

// Answers 200 with the request's body and trailers, and lets a slow client slow the request down.
class EchoService : public Service {
 public:
  struct Exchange final : Receiver {
    RequestHead head;
    std::unique_ptr<Stream> stream;
    std::size_t owed = 0;  // consumed when the other half has room again
    std::size_t bytes = 0;
    bool ended = false;
    std::optional<StreamError> failed;

    void on_response_head(ResponseHead) override { FAIL(); }
    void on_data(base::ByteView data) override {
      bytes += data.size();
      stream->send_data(data);
      owed += data.size();
      if (stream->unsent() < Stream::high_water) stream->consumed(std::exchange(owed, 0));
    }
    void on_end(Headers trailers) override {
      ended = true;
      stream->send_end(std::move(trailers));
    }
    void on_failed(StreamError error) override { failed = error; }
    void on_writable() override { stream->consumed(std::exchange(owed, 0)); }
  };

  void on_request(RequestHead head, std::unique_ptr<Stream> stream,
                  const RequestOrigin& origin) override {
    EXPECT_TRUE(origin.remote.is_loopback());
    auto exchange = std::make_unique<Exchange>();
    exchange->head = std::move(head);
    exchange->stream = std::move(stream);
    Exchange& kept = *exchange;
    exchanges.push_back(std::move(exchange));
    if (hold) return;
    answer(kept);
  }
  static void answer(Exchange& exchange) {
    exchange.stream->set_receiver(exchange);
    ResponseHead head;
    head.status = 200;
    head.headers = exchange.head.headers;
    head.headers.push_back({"x-target", exchange.head.target});
    head.body_size = exchange.head.body_size;
    exchange.stream->send_response_head(std::move(head));
  }

  bool hold = false;  // the test answers
  std::vector<std::unique_ptr<Exchange>> exchanges;
};

// What a Receiver was told, in order.
class Answer final : public Receiver {
 public:
  void on_response_head(ResponseHead given) override { head = std::move(given); }
  void on_data(base::ByteView bytes) override {
    body.append(base::as_text(bytes));
    if (consume) stream->consumed(bytes.size());
  }
  void on_end(Headers given) override {
    trailers = std::move(given);
    ended = true;
    if (on_done) on_done();
  }
  void on_failed(StreamError error) override {
    EXPECT_FALSE(failed.has_value());
    failed = error;
    if (on_done) on_done();
  }
  void on_writable() override {
    ++writable;
    if (more) more();
  }
  [[nodiscard]] bool done() const { return ended || failed.has_value(); }

  std::unique_ptr<Stream> stream;
  std::optional<ResponseHead> head;
  std::string body;
  Headers trailers;
  bool ended = false;
  bool consume = true;
  std::optional<StreamError> failed;
  int writable = 0;
  std::function<void()> more;
  std::function<void()> on_done;
};

inline std::string pattern(std::size_t size) {
  std::string out(size, '\0');
  std::uint32_t state = 12345;
  for (char& c : out) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>(state >> 24);
  }
  return out;
}

}  // namespace transport
