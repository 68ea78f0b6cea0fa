#include "transport/agent_client.h"

#include "base/strings.h"
#include "transport/byte_channel.h"
#include "transport/http1_client.h"
#include "transport/http2_connection.h"
#include "transport/link_handshake.h"
#include "transport/peer_stream.h"
#include "transport/resolver.h"
#include "transport/steady_clock.h"
#include "transport/time_limit.h"
#include "transport/use_tuple.h"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
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

}  // namespace

std::optional<AgentUrl> AgentUrl::parse(std::string_view text) {
  AgentUrl url;
  const auto separator = text.find("://");
  if (separator == std::string_view::npos) return std::nullopt;
  const std::string scheme = base::to_lower(text.substr(0, separator));
  if (scheme != "http" && scheme != "h2c") return std::nullopt;
  url.scheme = scheme == "http" ? Scheme::http : Scheme::h2c;
  text.remove_prefix(separator + 3);
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return std::nullopt;
    if (c == '?' || c == '#' || c == '@' || c == '\\') return std::nullopt;
  }
  const std::size_t slash = std::min(text.find('/'), text.size());
  std::string_view authority = text.substr(0, slash);
  std::string_view path = text.substr(slash);
  while (path.ends_with('/')) path.remove_suffix(1);
  url.base = std::string(path);
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    url.host = std::string(authority.substr(1, end - 1));
    authority.remove_prefix(end + 1);
  } else {
    const std::size_t colon = std::min(authority.find(':'), authority.size());
    url.host = std::string(authority.substr(0, colon));
    authority.remove_prefix(colon);
  }
  if (url.host.empty()) return std::nullopt;
  if (authority.empty()) return url;
  const auto port = base::parse_unsigned(authority.substr(1));
  if (authority[0] != ':' || !port || *port == 0 || *port > 65535) return std::nullopt;
  url.port = static_cast<std::uint16_t>(*port);
  return url;
}

std::string AgentUrl::authority() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

class AgentClient::Shared final : public ClientConnection::Owner,
                                  public std::enable_shared_from_this<AgentClient::Shared> {
 public:
  Shared(asio::io_context& loop, AgentClientOptions options)
      : loop_(loop), options_(options), timer_(loop), resolver_(loop, {}) {
    asio::use_service<Readiness>(loop);  // now, not when descriptors may have run out
  }

  std::unique_ptr<Stream> open(const AgentUrl& url, RequestHead head, Receiver& receiver,
                               OpenOptions options);
  void close();
  [[nodiscard]] std::size_t connections() const {
    const auto stands = [](const auto& entry) { return entry.second.connection != nullptr; };
    return connections_.size() +
           static_cast<std::size_t>(std::ranges::count_if(http2_origins_, stands));
  }

  void on_idle(ClientConnection& connection) override;
  void retire(ClientConnection& connection) override;
  void start_fresh(ClientConnection& stale, ClientExchange& exchange) override;

 private:
  // All connections to one host and port.
  struct Pool {
    std::string host;
    std::uint16_t port = 0;
    std::string authority;
    std::size_t open = 0;                 // connecting, in use or idle
    std::vector<ClientConnection*> idle;  // the longest idle first
  };
  // The one HTTP/2 connection to one host and port, and who waits for it.
  struct Http2Origin {
    std::string host;
    std::uint16_t port = 0;
    std::shared_ptr<Http2Connection> connection;  // with its own handlers; null: none yet
    std::uint64_t generation = 0;                 // of `connection`: an old one may end late
    bool connecting = false;
    std::vector<WaitingStream*> waiting;
  };
  using OriginKey = std::pair<std::string, std::uint16_t>;
  using Handle = std::shared_ptr<ClientExchange*>;

  Pool& pool_of(const AgentUrl& url);
  void connect(Pool& pool, Handle exchange, base::Duration timeout);
  static asio::awaitable<void> connect_and_begin(std::shared_ptr<Shared> self, Pool* pool,
                                                 Handle exchange, base::Duration timeout);
  static asio::awaitable<bool> connect_to_any(std::shared_ptr<Shared> self, tcp::socket* socket,
                                              std::string host, std::uint16_t port,
                                              base::Duration timeout);
  std::unique_ptr<Stream> open_http2(const AgentUrl& url, RequestHead head, Receiver& receiver,
                                     OpenOptions options);
  static asio::awaitable<void> connect_http2(std::shared_ptr<Shared> self, Http2Origin* origin,
                                             base::Duration timeout);
  void on_http2_connected(Http2Origin& origin, tcp::socket socket);
  void on_connected(Pool& pool, tcp::socket socket, ClientExchange& exchange);
  void wait_for_tick();
  void on_tick(base::Instant now);

  asio::io_context& loop_;
  const AgentClientOptions options_;
  asio::steady_timer timer_;
  Resolver resolver_;  // of its own: a seed whose lookup hangs holds up no agent
  std::map<OriginKey, Http2Origin> http2_origins_;
  Http2Scratch http2_scratch_;
  std::map<OriginKey, Pool> pools_;  // origins are few: the node's agents
  std::vector<std::unique_ptr<ClientConnection>> connections_;
  std::vector<std::unique_ptr<ClientConnection>> retired_;  // destroyed by a handler of their own
  std::array<std::byte, 64 * 1024> scratch_;
  bool ticking_ = false;
  bool closed_ = false;
};

AgentClient::Shared::Pool& AgentClient::Shared::pool_of(const AgentUrl& url) {
  Pool& pool = pools_[{url.host, url.port}];
  if (pool.host.empty()) {
    pool.host = url.host;
    pool.port = url.port;
    pool.authority = url.authority();
  }
  return pool;
}

std::unique_ptr<Stream> AgentClient::Shared::open(const AgentUrl& url, RequestHead head,
                                                  Receiver& receiver, OpenOptions options) {
  if (url.scheme == AgentUrl::Scheme::h2c) {
    return open_http2(url, std::move(head), receiver, options);
  }
  Pool& pool = pool_of(url);
  if (head.authority.empty()) head.authority = pool.authority;
  auto exchange =
      std::make_unique<ClientExchange>(loop_, url.base, std::move(head), receiver, options);
  if (!pool.idle.empty()) {
    ClientConnection& connection = *pool.idle.back();
    pool.idle.pop_back();
    connection.begin(*exchange);
  } else if (pool.open >= options_.connections_max) {
    exchange->fail_soon(StreamError::refused);
  } else {
    connect(pool, exchange->handle(), options.connect_timeout);
  }
  return exchange;
}

std::unique_ptr<Stream> AgentClient::Shared::open_http2(const AgentUrl& url, RequestHead head,
                                                        Receiver& receiver, OpenOptions options) {
  if (head.authority.empty()) head.authority = url.authority();
  head.target.insert(0, url.base);
  Http2Origin& origin = http2_origins_[{url.host, url.port}];
  if (origin.connection && origin.connection->accepts_streams()) {
    return origin.connection->open(std::move(head), receiver);
  }
  auto stream = std::make_unique<WaitingStream>(std::nullopt, std::move(head), receiver,
                                                base::Instant::never());
  stream->on_gone([&origin](WaitingStream& gone) { std::erase(origin.waiting, &gone); });
  origin.waiting.push_back(stream.get());
  if (origin.connecting) return stream;
  origin.host = url.host;
  origin.port = url.port;
  origin.connecting = true;
  asio::co_spawn(loop_, connect_http2(shared_from_this(), &origin, options.connect_timeout),
                 asio::detached);
  return stream;
}

asio::awaitable<void> AgentClient::Shared::connect_http2(std::shared_ptr<Shared> self,
                                                         Http2Origin* origin,
                                                         base::Duration timeout) {
  tcp::socket socket(self->loop_);
  const base::Instant deadline = steady_now() + timeout;
  const bool connected =
      co_await connect_to_any(self, &socket, origin->host, origin->port, timeout);
  if (self->closed_) co_return;
  origin->connecting = false;
  if (connected) {
    self->on_http2_connected(*origin, std::move(socket));
    co_return;
  }
  const bool late = steady_now() >= deadline;
  // Those that are waiting now: who opens from inside a callback waits for the next attempt.
  std::size_t count = origin->waiting.size();
  while (count-- > 0 && !origin->waiting.empty()) {
    WaitingStream* const stream = origin->waiting.front();
    origin->waiting.erase(origin->waiting.begin());
    stream->fail(late ? StreamError::timed_out : StreamError::connect_failed);
  }
}

void AgentClient::Shared::on_http2_connected(Http2Origin& origin, tcp::socket socket) {
  const std::uint64_t generation = ++origin.generation;
  Http2Connection::Start start{.socket = std::move(socket),
                               .side = Http2Side::client,
                               .options = {.header_bytes_max = options_.head_bytes_max},
                               .service = nullptr,
                               .origin = {},
                               .tls = nullptr,
                               .already_read = {},
                               .on_ended = {}};
  start.options.streams_max = static_cast<std::uint32_t>(options_.connections_max);
  start.on_ended = [weak = weak_from_this(), &origin, generation](StreamError) {
    const auto self = weak.lock();
    if (self && origin.generation == generation) origin.connection.reset();
  };
  origin.connection = Http2Connection::start(std::move(start), http2_scratch_);
  for (WaitingStream* stream : std::exchange(origin.waiting, {})) {
    stream->attach({}, [&origin](RequestHead head, Receiver& receiver) {
      return origin.connection->open(std::move(head), receiver);
    });
  }
  wait_for_tick();
}

void AgentClient::Shared::connect(Pool& pool, Handle exchange, base::Duration timeout) {
  ++pool.open;
  asio::co_spawn(loop_, connect_and_begin(shared_from_this(), &pool, std::move(exchange), timeout),
                 asio::detached);
}

asio::awaitable<void> AgentClient::Shared::connect_and_begin(std::shared_ptr<Shared> self,
                                                             Pool* pool, Handle exchange,
                                                             base::Duration timeout) {
  tcp::socket socket(self->loop_);
  const base::Instant deadline = steady_now() + timeout;
  const bool connected = co_await connect_to_any(self, &socket, pool->host, pool->port, timeout);
  if (self->closed_) co_return;
  if (connected && *exchange != nullptr) {
    self->on_connected(*pool, std::move(socket), **exchange);
    co_return;
  }
  --pool->open;
  const bool late = steady_now() >= deadline;
  if (*exchange == nullptr) co_return;
  (*exchange)->fail(late ? StreamError::timed_out : StreamError::connect_failed);
}

// Tries all addresses one after the other, within the time for all.
asio::awaitable<bool> AgentClient::Shared::connect_to_any(std::shared_ptr<Shared> self,
                                                          tcp::socket* socket, std::string host,
                                                          std::uint16_t port,
                                                          base::Duration timeout) {
  const base::Instant deadline = steady_now() + timeout;
  const auto addresses = co_await self->resolver_.resolve(host, port, timeout);
  if (!addresses) co_return false;
  TimeLimit limit(socket->get_executor(), deadline - steady_now(), [socket] {
    asio::error_code ignored;
    socket->close(ignored);
  });
  for (const base::Endpoint& address : *addresses) {
    asio::error_code ignored;
    socket->close(ignored);
    const auto [error] = co_await socket->async_connect(to_asio(address), use_tuple);
    if (limit.passed()) break;
    if (!error) co_return true;
  }
  self->resolver_.forget(host, port);  // it may have moved
  co_return false;
}

void AgentClient::Shared::on_connected(Pool& pool, tcp::socket socket, ClientExchange& exchange) {
  auto channel = std::make_shared<ByteChannel>(std::move(socket), std::span<std::byte>(scratch_),
                                               options_.head_bytes_max + 1);
  auto connection = std::make_unique<ClientConnection>(std::move(channel), options_, *this);
  connection->place = connections_.size();
  connection->pool = &pool;
  connections_.push_back(std::move(connection));
  wait_for_tick();
  connections_.back()->begin(exchange);
}

// One more than the bound for a moment, at most: the connection that failed is on its way out.
void AgentClient::Shared::start_fresh(ClientConnection& stale, ClientExchange& exchange) {
  connect(*static_cast<Pool*>(stale.pool), exchange.handle(), exchange.connect_timeout());
}

void AgentClient::Shared::on_idle(ClientConnection& connection) {
  Pool& pool = *static_cast<Pool*>(connection.pool);
  if (pool.idle.size() >= options_.idle_max || closed_) return connection.close();
  connection.idle_since = base::Instant();
  pool.idle.push_back(&connection);
}

void AgentClient::Shared::retire(ClientConnection& connection) {
  if (closed_) return;
  Pool& pool = *static_cast<Pool*>(connection.pool);
  --pool.open;
  std::erase(pool.idle, &connection);
  const std::size_t place = connection.place;
  std::swap(connections_[place], connections_.back());
  connections_[place]->place = place;
  retired_.push_back(std::move(connections_.back()));
  connections_.pop_back();
  if (retired_.size() > 1) return;
  asio::post(loop_, [self = shared_from_this()] { self->retired_.clear(); });
}

void AgentClient::Shared::wait_for_tick() {
  const bool http2 = std::any_of(http2_origins_.begin(), http2_origins_.end(),
                                 [](const auto& entry) { return entry.second.connection; });
  if (ticking_ || closed_ || (connections_.empty() && !http2)) return;
  ticking_ = true;
  timer_.expires_after(std::clamp<base::Duration>(
      options_.idle_timeout / 8, std::chrono::milliseconds(5), std::chrono::milliseconds(250)));
  timer_.async_wait([self = shared_from_this()](std::error_code) {
    self->ticking_ = false;
    if (self->closed_) return;
    self->on_tick(steady_now());
    self->wait_for_tick();
  });
}

void AgentClient::Shared::on_tick(base::Instant now) {
  for (auto& [origin, pool] : pools_) {
    const std::vector<ClientConnection*> idle = pool.idle;
    for (ClientConnection* connection : idle) {
      // A connection is stamped by the first tick that finds it idle.
      if (connection->idle_since == base::Instant()) connection->idle_since = now;
      if (now - connection->idle_since >= options_.idle_timeout) connection->close();
    }
  }
  for (auto& [key, origin] : http2_origins_) {
    const auto connection = origin.connection;
    if (!connection) continue;
    if (connection->next_deadline() <= now) connection->on_time(now);
    const bool idle =
        connection->open_streams() == 0 && now - connection->last_used() > options_.idle_timeout;
    if (idle) connection->shut_down();
  }
  for (std::size_t i = connections_.size(); i-- > 0;) {
    if (i < connections_.size()) connections_[i]->on_time();
  }
}

void AgentClient::Shared::close() {
  closed_ = true;
  timer_.cancel();
  for (auto& [key, origin] : http2_origins_) {
    if (origin.connection) origin.connection->close(StreamError::connection_lost);
    origin.connection.reset();
  }
  connections_.clear();
  retired_.clear();
}

AgentClient::AgentClient(asio::io_context& loop, AgentClientOptions options)
    : shared_(std::make_shared<Shared>(loop, options)) {}

AgentClient::~AgentClient() {
  shared_->close();
}

std::unique_ptr<Stream> AgentClient::open(const AgentUrl& url, RequestHead head, Receiver& receiver,
                                          OpenOptions options) {
  return shared_->open(url, std::move(head), receiver, options);
}

std::size_t AgentClient::connections() const {
  return shared_->connections();
}

}  // namespace transport
