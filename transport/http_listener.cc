#include "transport/http_listener.h"

#include "transport/byte_channel.h"
#include "transport/http1_connection.h"
#include "transport/http2_connection.h"
#include "transport/link_handshake.h"
#include "transport/steady_clock.h"

#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

namespace transport {
namespace {

using asio::ip::tcp;

constexpr base::Duration pause_after_accept_error = std::chrono::milliseconds(100);

// How often connections are looked at: often enough for the shortest timeout.
base::Duration period_of(const HttpListenerOptions& options) {
  const base::Duration shortest =
      std::min({options.head_timeout, options.keep_alive_timeout, options.body_timeout,
                options.write_timeout, options.linger_timeout});
  return std::clamp<base::Duration>(shortest / 8, std::chrono::milliseconds(5),
                                    std::chrono::milliseconds(250));
}

}  // namespace

class HttpListener::Shared final : public Http1Connection::Owner,
                                   public std::enable_shared_from_this<HttpListener::Shared> {
 public:
  Shared(asio::io_context& loop, Service& service, HttpListenerOptions options)
      : loop_(loop), service_(service), options_(options), acceptor_(loop), timer_(loop) {}

  base::Result<base::Endpoint, std::error_code> listen(const base::Endpoint& endpoint);
  void drain();
  void close();
  [[nodiscard]] base::Endpoint local_endpoint() const { return local_; }
  [[nodiscard]] std::size_t connections() const { return connections_.size() + http2_.size(); }
  [[nodiscard]] const Counters& counters() const { return counters_; }

  asio::io_context& loop() override { return loop_; }
  void retire(Http1Connection& connection) override;
  void speaks_http2(Http1Connection& connection, tcp::socket socket, base::ByteView bytes) override;

 private:
  void accept();
  void on_accepted(tcp::socket socket);
  void wait_for_tick();
  void on_tick(base::Instant now);

  asio::io_context& loop_;
  Service& service_;
  const HttpListenerOptions options_;
  tcp::acceptor acceptor_;
  asio::steady_timer timer_;
  base::Endpoint local_;
  std::vector<std::unique_ptr<Http1Connection>> connections_;
  std::vector<std::unique_ptr<Http1Connection>> retired_;  // destroyed by a handler of their own
  std::map<std::uint64_t, std::shared_ptr<Http2Connection>> http2_;  // with their own handlers
  std::uint64_t http2_count_ = 0;                                    // so far, for keys
  Counters counters_;
  Http2Scratch http2_scratch_;
  std::array<std::byte, 64 * 1024> scratch_;
  bool ticking_ = false;
  bool closed_ = false;
};

base::Result<base::Endpoint, std::error_code> HttpListener::Shared::listen(
    const base::Endpoint& endpoint) {
  const tcp::endpoint address = to_asio(endpoint);
  std::error_code error;
  acceptor_.open(address.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(address, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    std::error_code ignored;
    acceptor_.close(ignored);
    return base::Unexpected{to_standard(error)};
  }
  local_ = from_asio(acceptor_.local_endpoint(error));
  accept();
  return local_;
}

void HttpListener::Shared::accept() {
  acceptor_.async_accept([self = shared_from_this()](std::error_code error, tcp::socket socket) {
    if (self->closed_ || !self->acceptor_.is_open()) return;
    if (!error) {
      self->on_accepted(std::move(socket));
      return self->accept();
    }
    // Out of descriptors, most likely: it would fail again at once.
    auto pause = std::make_shared<asio::steady_timer>(self->loop_, pause_after_accept_error);
    pause->async_wait([self, pause](std::error_code) {
      if (!self->closed_ && self->acceptor_.is_open()) self->accept();
    });
  });
}

void HttpListener::Shared::on_accepted(tcp::socket socket) {
  if (connections() >= options_.connections_max) {
    ++counters_.refused;
    return;
  }
  ++counters_.accepted;
  auto channel = std::make_shared<ByteChannel>(std::move(socket), std::span<std::byte>(scratch_),
                                               options_.head_bytes_max + 1);
  auto connection =
      std::make_unique<Http1Connection>(std::move(channel), service_, options_, *this);
  connection->place = connections_.size();
  connections_.push_back(std::move(connection));
  connections_.back()->start();
  wait_for_tick();
}

void HttpListener::Shared::retire(Http1Connection& connection) {
  if (closed_) return;
  const std::size_t place = connection.place;
  std::swap(connections_[place], connections_.back());
  connections_[place]->place = place;
  retired_.push_back(std::move(connections_.back()));
  connections_.pop_back();
  if (retired_.size() > 1) return;
  asio::post(loop_, [self = shared_from_this()] { self->retired_.clear(); });
}

void HttpListener::Shared::speaks_http2(Http1Connection& connection, tcp::socket socket,
                                        base::ByteView bytes) {
  retire(connection);
  const std::uint64_t key = ++http2_count_;
  std::error_code ignored;
  Http2Connection::Start start{.socket = std::move(socket),
                               .side = Http2Side::server,
                               .options = {.header_bytes_max = options_.head_bytes_max},
                               .service = &service_,
                               .origin = {},
                               .tls = nullptr,
                               .already_read = base::Bytes(bytes.begin(), bytes.end()),
                               .on_ended = {}};
  start.origin.remote = from_asio(start.socket.remote_endpoint(ignored));
  start.on_ended = [weak = weak_from_this(), key](StreamError) {
    if (const auto self = weak.lock()) self->http2_.erase(key);
  };
  http2_.emplace(key, Http2Connection::start(std::move(start), http2_scratch_));
}

void HttpListener::Shared::wait_for_tick() {
  if (ticking_ || closed_ || connections() == 0) return;
  ticking_ = true;
  timer_.expires_after(period_of(options_));
  timer_.async_wait([self = shared_from_this()](std::error_code) {
    self->ticking_ = false;
    if (self->closed_) return;
    self->on_tick(steady_now());
    self->wait_for_tick();
  });
}

void HttpListener::Shared::on_tick(base::Instant now) {
  // Backwards: a connection that retires is replaced by one that was looked at already.
  for (std::size_t i = connections_.size(); i-- > 0;) {
    if (i < connections_.size()) connections_[i]->on_time(now);
  }
  for (const auto& [key, connection] : http2_) {
    if (connection->next_deadline() <= now) connection->on_time(now);
    const bool idle = connection->open_streams() == 0 &&
                      now - connection->last_used() > options_.keep_alive_timeout;
    if (idle) connection->shut_down();
  }
}

void HttpListener::Shared::drain() {
  std::error_code ignored;
  acceptor_.close(ignored);
  for (std::size_t i = connections_.size(); i-- > 0;) connections_[i]->drain();
  for (const auto& [key, connection] : http2_) connection->shut_down();
}

void HttpListener::Shared::close() {
  closed_ = true;
  std::error_code ignored;
  acceptor_.close(ignored);
  timer_.cancel();
  connections_.clear();
  retired_.clear();
  for (const auto& [key, connection] : http2_) connection->close(StreamError::connection_lost);
  http2_.clear();
}

HttpListener::HttpListener(asio::io_context& loop, Service& service, HttpListenerOptions options)
    : shared_(std::make_shared<Shared>(loop, service, options)) {}

HttpListener::~HttpListener() {
  shared_->close();
}

base::Result<base::Endpoint, std::error_code> HttpListener::listen(const base::Endpoint& endpoint) {
  return shared_->listen(endpoint);
}

base::Endpoint HttpListener::local_endpoint() const {
  return shared_->local_endpoint();
}

void HttpListener::drain() {
  shared_->drain();
}

std::size_t HttpListener::connections() const {
  return shared_->connections();
}

const HttpListener::Counters& HttpListener::counters() const {
  return shared_->counters();
}

}  // namespace transport
