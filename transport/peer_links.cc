#include "transport/peer_links.h"

#include "base/check.h"
#include "transport/link_dials.h"
#include "transport/link_handshake.h"
#include "transport/link_table.h"
#include "transport/peer_ask.h"
#include "transport/peer_stream.h"
#include "transport/steady_clock.h"
#include "transport/tls_session.h"

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include <algorithm>
#include <exception>
#include <list>
#include <set>
#include <vector>

namespace transport {
namespace {

using tcp = asio::ip::tcp;

constexpr int port_attempts_max = 32;

}  // namespace

class PeerLinks::Links : public std::enable_shared_from_this<PeerLinks::Links> {
 public:
  Links(asio::io_context& loop, const crypto::Identity& identity, const base::MeshId& mesh,
        Service& service, PeerLinksHooks hooks, const PeerLinksOptions& options)
      : loop_(loop),
        hooks_(std::move(hooks)),
        options_(options),
        tls_(
            std::make_shared<TlsContext>(identity, mesh, hooks_.wall_clock(), options.certificate)),
        acceptor_(loop),
        timer_(loop),
        table_(service, options_, hooks_.on_link_lost),
        dials_(std::make_shared<LinkDials>(loop)) {}

  base::Result<base::Endpoint, std::string> listen(
      const base::Endpoint& at, const std::function<bool(const base::Endpoint&)>& bind_partner);
  std::unique_ptr<PeerStream> open(const std::optional<base::NodeId>& node,
                                   const base::Endpoint& at, RequestHead head, Receiver& receiver,
                                   base::Duration connect_timeout);
  void ask(const std::optional<base::NodeId>& node, const base::Endpoint& at, base::Bytes body,
           base::Duration timeout, std::function<void(Answer)> callback);
  void drop(const base::NodeId& node) { table_.drop(node); }
  void shut_down();
  void cut();
  void rotate() { tls_->rotate(hooks_.wall_clock()); }
  [[nodiscard]] bool has_link(const base::NodeId& node) const { return table_.has(node); }
  [[nodiscard]] bool refused_by(const base::NodeId& node) const { return refusing_.contains(node); }
  [[nodiscard]] PeerLinksCounters counters() const;

 private:
  std::error_code bind(const base::Endpoint& at);
  void accept();
  void start_handshake(std::shared_ptr<LinkHandshake> handshake);
  void on_handshake(const std::shared_ptr<LinkHandshake>& handshake, HandshakeOutcome outcome);
  void on_handshake_failed(const LinkHandshake& handshake, HandshakeOutcome outcome);
  void count(HandshakeOutcome outcome);
  void dial_for(WaitingStream& stream, const base::Endpoint& at);
  void arm();
  void on_tick();

  asio::io_context& loop_;
  PeerLinksHooks hooks_;
  const PeerLinksOptions options_;
  std::shared_ptr<TlsContext> tls_;  // owners: this and handshakes that are under way
  tcp::acceptor acceptor_;
  asio::steady_timer timer_;
  base::Instant timer_at_ = base::Instant::never();
  LinkTable table_;
  const std::shared_ptr<LinkDials> dials_;               // owners: this, and its own handlers
  std::list<std::shared_ptr<LinkHandshake>> accepting_;  // oldest first
  std::list<std::unique_ptr<PeerAsk>> asks_;
  PeerLinksCounters counters_;
  std::set<base::NodeId> refusing_;  // did not admit us when we dialled last; bounded
  bool accept_paused_ = false;
  bool shut_down_ = false;
  bool cut_ = false;
};

std::error_code PeerLinks::Links::bind(const base::Endpoint& at) {
  const tcp::endpoint endpoint = to_asio(at);
  std::error_code error;
  acceptor_.close(error);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  return error;
}

base::Result<base::Endpoint, std::string> PeerLinks::Links::listen(
    const base::Endpoint& at, const std::function<bool(const base::Endpoint&)>& bind_partner) {
  for (int attempt = 0; attempt < port_attempts_max; ++attempt) {
    if (const std::error_code error = bind(at)) {
      return base::Unexpected{"cannot listen on " + at.to_string() + ": " + error.message()};
    }
    const base::Endpoint bound = from_asio(acceptor_.local_endpoint());
    if (!bind_partner || bind_partner(bound)) {
      accept();
      return bound;
    }
    if (at.port != 0) break;
  }
  std::error_code ignored;
  acceptor_.close(ignored);
  return base::Unexpected{"the UDP port that goes with " + at.to_string() + " is taken"};
}

void PeerLinks::Links::accept() {
  accept_paused_ = false;
  acceptor_.async_accept([self = shared_from_this()](std::error_code error, tcp::socket socket) {
    if (self->cut_ || !self->acceptor_.is_open()) return;
    if (error) {  // out of descriptors, perhaps: on_tick() tries again
      self->accept_paused_ = true;
      self->arm();
      return;
    }
    if (self->accepting_.size() >= self->options_.handshakes_max) {
      self->accepting_.front()->timed_out = true;
      self->accepting_.front()->socket.close(error);
    }
    const tcp::endpoint remote = socket.remote_endpoint(error);
    auto handshake = std::make_shared<LinkHandshake>(
        std::move(socket), TlsSide::server, error ? base::Endpoint{} : from_asio(remote),
        steady_now() + self->options_.handshake_timeout);
    self->accepting_.push_back(handshake);
    self->start_handshake(std::move(handshake));
    self->accept();
  });
}

void PeerLinks::Links::start_handshake(std::shared_ptr<LinkHandshake> handshake) {
  asio::co_spawn(loop_, shake_hands(handshake, tls_, hooks_.wall_clock),
                 [self = shared_from_this(), handshake](const std::exception_ptr& thrown,
                                                        HandshakeOutcome outcome) {
                   if (thrown) outcome = HandshakeOutcome::broken_tls;
                   if (!self->cut_) self->on_handshake(handshake, outcome);
                 });
  arm();
}

void PeerLinks::Links::on_handshake(const std::shared_ptr<LinkHandshake>& handshake,
                                    HandshakeOutcome outcome) {
  accepting_.remove(handshake);
  if (outcome != HandshakeOutcome::done) return on_handshake_failed(*handshake, outcome);
  if (const auto expected = dials_->expected_instead(*handshake)) {
    ++counters_.failed_identity;
    if (hooks_.on_handshake_failed) {
      hooks_.on_handshake_failed("node " + handshake->peer.short_hex() + " answers at " +
                                 handshake->at.to_string() + ", where node " +
                                 expected->short_hex() + " was expected");
    }
    return dials_->settle(*handshake, nullptr, StreamError::wrong_identity);
  }
  if (hooks_.admit && !hooks_.admit(handshake->peer)) {
    ++counters_.failed_admission;
    return dials_->settle(*handshake, nullptr, StreamError::connect_failed);
  }
  if (shut_down_ || !table_.make_room(*handshake)) {
    return dials_->settle(*handshake, nullptr, StreamError::refused);
  }
  refusing_.erase(handshake->peer);
  ++counters_.handshakes;
  if (handshake->side == TlsSide::server) ++counters_.accepted;
  Link& link = table_.add(*handshake);
  arm();
  dials_->settle(*handshake, &link, StreamError::connection_lost);
}

void PeerLinks::Links::on_handshake_failed(const LinkHandshake& handshake,
                                           HandshakeOutcome outcome) {
  count(outcome);
  const bool refused = outcome == HandshakeOutcome::broken_tls && !handshake.peer.is_zero();
  if (refused && refusing_.size() < options_.links_max) refusing_.insert(handshake.peer);
  if (hooks_.on_handshake_failed && !dials_->knocked_in_vain(handshake)) {
    hooks_.on_handshake_failed(handshake.text);
  }
  dials_->settle(handshake, nullptr,
                 outcome == HandshakeOutcome::timed_out ? StreamError::timed_out
                                                        : StreamError::connect_failed);
}

void PeerLinks::Links::count(HandshakeOutcome outcome) {
  switch (outcome) {
    case HandshakeOutcome::done:
      ++counters_.handshakes;
      break;
    case HandshakeOutcome::not_connected:
      ++counters_.failed_to_connect;
      break;
    case HandshakeOutcome::timed_out:
      ++counters_.failed_timeout;
      break;
    case HandshakeOutcome::broken_tls:
      ++counters_.failed_tls;
      break;
    case HandshakeOutcome::bad_certificate:
      ++counters_.failed_certificate;
      break;
  }
}

std::unique_ptr<PeerStream> PeerLinks::Links::open(const std::optional<base::NodeId>& node,
                                                   const base::Endpoint& at, RequestHead head,
                                                   Receiver& receiver,
                                                   base::Duration connect_timeout) {
  if (Link* const link = node ? table_.usable(*node) : nullptr) {
    return std::make_unique<LinkStream>(link->node,
                                        link->connection->open(std::move(head), receiver));
  }
  auto stream = std::make_unique<WaitingStream>(node, std::move(head), receiver,
                                                steady_now() + connect_timeout);
  stream->on_gone([weak = std::weak_ptr(dials_)](WaitingStream& gone) {
    if (const auto dials = weak.lock()) dials->forget(gone);
  });
  if (shut_down_) {
    dials_->fail_later(*stream, StreamError::refused);
  } else {
    dial_for(*stream, at);
  }
  return stream;
}

void PeerLinks::Links::dial_for(WaitingStream& stream, const base::Endpoint& at) {
  if (dials_->join(stream, at)) return arm();
  auto handshake = std::make_shared<LinkHandshake>(tcp::socket(loop_), TlsSide::client, at,
                                                   steady_now() + options_.handshake_timeout);
  dials_->add(handshake, stream);
  start_handshake(std::move(handshake));
}

void PeerLinks::Links::ask(const std::optional<base::NodeId>& node, const base::Endpoint& at,
                           base::Bytes body, base::Duration timeout,
                           std::function<void(Answer)> callback) {
  CHECK(body.size() <= options_.ask_bytes_max);
  RequestHead head{.method = "POST",
                   .target = std::string(ask_target),
                   .authority = node ? node->hex() : std::string(),
                   .headers = {},
                   .body_size = body.size()};
  asks_.push_back(std::make_unique<PeerAsk>(
      options_.ask_bytes_max, steady_now() + timeout, std::move(callback), [this](PeerAsk& done) {
        asks_.remove_if([&](const auto& candidate) { return candidate.get() == &done; });
      }));
  PeerAsk& asked = *asks_.back();
  asked.start(open(node, at, std::move(head), asked, timeout), body);
  arm();
}

void PeerLinks::Links::shut_down() {
  shut_down_ = true;
  std::error_code ignored;
  acceptor_.close(ignored);
  table_.shut_down(steady_now() + options_.drain_timeout);
}

// Everything ends now, and silently.
void PeerLinks::Links::cut() {
  cut_ = true;
  shut_down_ = true;
  std::error_code ignored;
  acceptor_.close(ignored);
  timer_.cancel();
  for (const auto& handshake : accepting_) handshake->socket.close(ignored);
  dials_->cut();
  table_.cut();
  asks_.clear();
}

PeerLinksCounters PeerLinks::Links::counters() const {
  PeerLinksCounters out = counters_;
  table_.count_into(out);
  return out;
}

// One timer: for the next deadline of what waits, and else a tick as long as there are links.
void PeerLinks::Links::arm() {
  base::Instant next = dials_->next_deadline();
  for (const auto& handshake : accepting_) next = std::min(next, handshake->deadline);
  for (const auto& ask : asks_) next = std::min(next, ask->deadline());
  if (!table_.empty() || accept_paused_) next = std::min(next, steady_now() + LinkTable::tick);
  if (next == base::Instant::never() || next >= timer_at_) return;
  timer_at_ = next;
  timer_.expires_at(asio::steady_timer::time_point(base::Duration(next.nanoseconds())));
  timer_.async_wait([self = shared_from_this()](std::error_code error) {
    if (error || self->cut_) return;
    self->timer_at_ = base::Instant::never();
    self->on_tick();
    self->arm();
  });
}

void PeerLinks::Links::on_tick() {
  const base::Instant now = steady_now();
  std::error_code ignored;
  for (const auto& handshake : accepting_) {
    if (now < handshake->deadline) continue;
    handshake->timed_out = true;
    handshake->socket.close(ignored);
  }
  dials_->on_time(now);
  table_.tend(now);
  std::vector<PeerAsk*> late;
  for (const auto& ask : asks_) {
    if (now >= ask->deadline()) late.push_back(ask.get());
  }
  for (PeerAsk* ask : late) ask->fail(StreamError::timed_out);
  if (tls_->rotation_due(hooks_.wall_clock())) rotate();
  if (accept_paused_ && acceptor_.is_open()) accept();
}

PeerLinks::PeerLinks(asio::io_context& loop, const crypto::Identity& identity,
                     const base::MeshId& mesh, Service& service, PeerLinksHooks hooks,
                     const PeerLinksOptions& options)
    : links_(std::make_shared<Links>(loop, identity, mesh, service, std::move(hooks), options)) {}
PeerLinks::~PeerLinks() {
  links_->cut();
}

base::Result<base::Endpoint, std::string> PeerLinks::listen(
    const base::Endpoint& at, const std::function<bool(const base::Endpoint&)>& bind_partner) {
  return links_->listen(at, bind_partner);
}
std::unique_ptr<PeerStream> PeerLinks::open(const std::optional<base::NodeId>& node,
                                            const base::Endpoint& at, RequestHead head,
                                            Receiver& receiver, base::Duration connect_timeout) {
  return links_->open(node, at, std::move(head), receiver, connect_timeout);
}
void PeerLinks::ask(const std::optional<base::NodeId>& node, const base::Endpoint& at,
                    base::Bytes body, base::Duration timeout,
                    std::function<void(Answer)> callback) {
  links_->ask(node, at, std::move(body), timeout, std::move(callback));
}
void PeerLinks::drop(const base::NodeId& node) {
  links_->drop(node);
}
void PeerLinks::shut_down() {
  links_->shut_down();
}
void PeerLinks::rotate() {
  links_->rotate();
}
bool PeerLinks::refused_by(const base::NodeId& node) const {
  return links_->refused_by(node);
}
bool PeerLinks::has_link(const base::NodeId& node) const {
  return links_->has_link(node);
}
PeerLinksCounters PeerLinks::counters() const {
  return links_->counters();
}

}  // namespace transport
