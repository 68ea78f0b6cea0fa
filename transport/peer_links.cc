#include "transport/peer_links.h"

#include "base/check.h"
#include "transport/http2_connection.h"
#include "transport/link_handshake.h"
#include "transport/peer_ask.h"
#include "transport/peer_stream.h"
#include "transport/tls_session.h"

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include <algorithm>
#include <exception>
#include <list>
#include <map>
#include <vector>

namespace transport {
namespace {

using tcp = asio::ip::tcp;

constexpr base::Duration tick = std::chrono::milliseconds(500);  // of links that are well
constexpr int port_attempts_max = 32;

struct Link {
  base::NodeId node;
  bool dialled = false;
  std::shared_ptr<Http2Connection> connection;
  base::Instant drain_deadline = base::Instant::never();
};

struct Dial {
  std::shared_ptr<LinkHandshake> handshake;
  std::optional<base::NodeId> node;
  std::vector<WaitingStream*> waiting;  // users own them
};

}  // namespace

class PeerLinks::Links : public std::enable_shared_from_this<PeerLinks::Links> {
 public:
  Links(asio::io_context& loop, const crypto::Identity& identity, const base::MeshId& mesh,
        Service& service, PeerLinksHooks hooks, const PeerLinksOptions& options)
      : loop_(loop),
        service_(service),
        hooks_(std::move(hooks)),
        options_(options),
        tls_(
            std::make_shared<TlsContext>(identity, mesh, hooks_.wall_clock(), options.certificate)),
        acceptor_(loop),
        timer_(loop) {}

  base::Result<base::Endpoint, std::string> listen(
      const base::Endpoint& at, const std::function<bool(const base::Endpoint&)>& bind_partner);
  std::unique_ptr<PeerStream> open(const std::optional<base::NodeId>& node,
                                   const base::Endpoint& at, RequestHead head, Receiver& receiver,
                                   base::Duration connect_timeout);
  void ask(const std::optional<base::NodeId>& node, const base::Endpoint& at, base::Bytes body,
           base::Duration timeout, std::function<void(Answer)> callback);
  void drop(const base::NodeId& node);
  void shut_down();
  void cut();
  void rotate() { tls_->rotate(hooks_.wall_clock()); }
  [[nodiscard]] bool has_link(const base::NodeId& node) const;
  [[nodiscard]] PeerLinksCounters counters() const;

 private:
  std::error_code bind(const base::Endpoint& at);
  void accept();
  void start_handshake(std::shared_ptr<LinkHandshake> handshake);
  void on_handshake(const std::shared_ptr<LinkHandshake>& handshake, HandshakeOutcome outcome);
  void on_handshake_failed(const LinkHandshake& handshake, HandshakeOutcome outcome);
  void count(HandshakeOutcome outcome);
  void settle_dial(const LinkHandshake& handshake, Link* link, StreamError error);
  [[nodiscard]] Link* usable(const base::NodeId& node);
  [[nodiscard]] bool make_room();
  Link* add_link(LinkHandshake& handshake);
  void on_link_ended(Link& link);
  void retire(const Http2Connection& connection);
  void dial_for(WaitingStream& stream, const base::Endpoint& at);
  void forget(WaitingStream& stream);
  void fail_later(WaitingStream& stream, StreamError error);
  void post_failures();
  void arm();
  void on_tick();
  void expire_dials(base::Instant now);
  void tend_links(base::Instant now);

  asio::io_context& loop_;
  Service& service_;
  PeerLinksHooks hooks_;
  const PeerLinksOptions options_;
  std::shared_ptr<TlsContext> tls_;  // owners: this and handshakes that are under way
  tcp::acceptor acceptor_;
  asio::steady_timer timer_;
  base::Instant timer_at_ = base::Instant::never();
  Http2Scratch scratch_;
  std::list<Link> links_;
  std::multimap<base::NodeId, Link*> dialled_;           // those that streams may be opened on
  std::list<std::shared_ptr<LinkHandshake>> accepting_;  // oldest first
  std::list<Dial> dials_;
  std::vector<std::pair<WaitingStream*, StreamError>> failing_;  // to be told from the loop
  std::list<std::unique_ptr<PeerAsk>> asks_;
  PeerLinksCounters counters_;
  bool failures_posted_ = false;
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
  const auto dial = std::find_if(dials_.begin(), dials_.end(), [&](const Dial& candidate) {
    return candidate.handshake == handshake;
  });
  if (dial != dials_.end() && dial->node && *dial->node != handshake->peer) {
    ++counters_.failed_identity;
    if (hooks_.on_handshake_failed) {
      hooks_.on_handshake_failed("node " + handshake->peer.short_hex() + " answers at " +
                                 handshake->at.to_string() + ", where node " +
                                 dial->node->short_hex() + " was expected");
    }
    return settle_dial(*handshake, nullptr, StreamError::wrong_identity);
  }
  if (hooks_.admit && !hooks_.admit(handshake->peer)) {
    ++counters_.failed_admission;
    return settle_dial(*handshake, nullptr, StreamError::connect_failed);
  }
  if (shut_down_ || !make_room()) {
    return settle_dial(*handshake, nullptr, StreamError::refused);
  }
  ++counters_.handshakes;
  Link* const link = add_link(*handshake);
  settle_dial(*handshake, link, StreamError::connection_lost);
}

void PeerLinks::Links::on_handshake_failed(const LinkHandshake& handshake,
                                           HandshakeOutcome outcome) {
  count(outcome);
  if (hooks_.on_handshake_failed) hooks_.on_handshake_failed(handshake.text);
  settle_dial(handshake, nullptr,
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

// Gives the link, or else the error, to everyone who waited for this handshake.
void PeerLinks::Links::settle_dial(const LinkHandshake& handshake, Link* link, StreamError error) {
  const auto dial = std::find_if(dials_.begin(), dials_.end(), [&](const Dial& candidate) {
    return candidate.handshake.get() == &handshake;
  });
  if (dial == dials_.end()) return;
  for (WaitingStream* stream : dial->waiting) {
    if (link == nullptr) {
      fail_later(*stream, error);
      continue;
    }
    stream->attach(link->node, [link](RequestHead head, Receiver& receiver) {
      return link->connection->open(std::move(head), receiver);
    });
  }
  dials_.erase(dial);
}

// False if links_max are all in use.
bool PeerLinks::Links::make_room() {
  if (links_.size() < options_.links_max) return true;
  Link* oldest = nullptr;
  for (Link& link : links_) {
    if (link.connection->open_streams() != 0) continue;
    if (oldest == nullptr || link.connection->last_used() < oldest->connection->last_used()) {
      oldest = &link;
    }
  }
  if (oldest == nullptr) return false;
  ++counters_.links_evicted;
  const auto connection = oldest->connection;
  on_link_ended(*oldest);
  connection->shut_down();
  connection->close(StreamError::refused);
  return true;
}

Link* PeerLinks::Links::add_link(LinkHandshake& handshake) {
  Link& link = links_.emplace_back();
  link.node = handshake.peer;
  link.dialled = handshake.side == TlsSide::client;
  Http2Connection::Start start{
      .socket = std::move(handshake.socket),
      .side = link.dialled ? Http2Side::client : Http2Side::server,
      .options = options_.http2,
      .service = &service_,
      .origin = {.remote = handshake.at, .peer = handshake.peer},
      .tls = std::move(handshake.tls),
      .already_read = std::move(handshake.early),
      .on_ended =
          [this, &link](StreamError /*why*/) {
            const base::NodeId node = link.node;
            const bool lost = !link.connection->ended_in_order();
            on_link_ended(link);
            if (!lost) return;
            ++counters_.links_lost;
            if (hooks_.on_link_lost) hooks_.on_link_lost(node);
          },
  };
  if (link.dialled) dialled_.emplace(link.node, &link);
  link.connection = Http2Connection::start(std::move(start), scratch_);
  arm();
  return &link;
}

void PeerLinks::Links::on_link_ended(Link& link) {
  retire(*link.connection);
  std::erase_if(dialled_, [&](const auto& entry) { return entry.second == &link; });
  links_.remove_if([&](const Link& candidate) { return &candidate == &link; });
}

void PeerLinks::Links::retire(const Http2Connection& connection) {
  counters_.bytes_in += connection.counters().bytes_in;
  counters_.bytes_out += connection.counters().bytes_out;
}

Link* PeerLinks::Links::usable(const base::NodeId& node) {
  const auto [first, last] = dialled_.equal_range(node);
  const auto found = std::find_if(
      first, last, [](const auto& entry) { return entry.second->connection->accepts_streams(); });
  return found == last ? nullptr : found->second;
}

bool PeerLinks::Links::has_link(const base::NodeId& node) const {
  return std::any_of(links_.begin(), links_.end(), [&](const Link& l) { return l.node == node; });
}

std::unique_ptr<PeerStream> PeerLinks::Links::open(const std::optional<base::NodeId>& node,
                                                   const base::Endpoint& at, RequestHead head,
                                                   Receiver& receiver,
                                                   base::Duration connect_timeout) {
  if (Link* const link = node ? usable(*node) : nullptr) {
    return std::make_unique<LinkStream>(link->node,
                                        link->connection->open(std::move(head), receiver));
  }
  auto stream = std::make_unique<WaitingStream>(node, std::move(head), receiver,
                                                steady_now() + connect_timeout);
  stream->on_gone([self = weak_from_this()](WaitingStream& gone) {
    if (const auto links = self.lock()) links->forget(gone);
  });
  if (shut_down_) {
    fail_later(*stream, StreamError::refused);
  } else {
    dial_for(*stream, at);
  }
  return stream;
}

void PeerLinks::Links::dial_for(WaitingStream& stream, const base::Endpoint& at) {
  const auto found = std::find_if(dials_.begin(), dials_.end(), [&](const Dial& dial) {
    return dial.node == stream.wanted() && dial.handshake->at == at && !dial.handshake->timed_out;
  });
  if (found != dials_.end()) {
    found->waiting.push_back(&stream);
    return arm();
  }
  auto handshake = std::make_shared<LinkHandshake>(tcp::socket(loop_), TlsSide::client, at,
                                                   steady_now() + options_.handshake_timeout);
  dials_.push_back({.handshake = handshake, .node = stream.wanted(), .waiting = {&stream}});
  start_handshake(std::move(handshake));
}

void PeerLinks::Links::forget(WaitingStream& stream) {
  for (Dial& dial : dials_) std::erase(dial.waiting, &stream);
  std::erase_if(failing_, [&](const auto& entry) { return entry.first == &stream; });
}

void PeerLinks::Links::fail_later(WaitingStream& stream, StreamError error) {
  failing_.emplace_back(&stream, error);
  post_failures();
}

void PeerLinks::Links::post_failures() {
  if (failures_posted_ || failing_.empty()) return;
  failures_posted_ = true;
  asio::post(loop_, [self = shared_from_this()] {
    // Those that are added meanwhile wait for the next turn: a user may try again at once, for
    // ever.
    for (std::size_t count = self->failing_.size(); count > 0; --count) {
      if (self->failing_.empty()) break;
      const auto [failed, why] = self->failing_.front();
      self->failing_.erase(self->failing_.begin());
      failed->fail(why);
    }
    self->failures_posted_ = false;
    self->post_failures();
  });
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

void PeerLinks::Links::drop(const base::NodeId& node) {
  for (auto link = links_.begin(); link != links_.end();) {
    Link& candidate = *link++;
    if (candidate.node != node) continue;
    const auto connection = candidate.connection;
    on_link_ended(candidate);
    connection->close(StreamError::connection_lost);
  }
}

void PeerLinks::Links::shut_down() {
  shut_down_ = true;
  std::error_code ignored;
  acceptor_.close(ignored);
  const base::Instant deadline = steady_now() + options_.drain_timeout;
  for (Link& link : links_) {
    link.connection->shut_down();
    link.drain_deadline = std::min(link.drain_deadline, deadline);
  }
}

// Everything ends now, and silently.
void PeerLinks::Links::cut() {
  cut_ = true;
  shut_down_ = true;
  std::error_code ignored;
  acceptor_.close(ignored);
  timer_.cancel();
  for (const auto& handshake : accepting_) handshake->socket.close(ignored);
  for (const Dial& dial : dials_) dial.handshake->socket.close(ignored);
  for (const Link& link : links_) link.connection->cut();
  links_.clear();
  dialled_.clear();
  dials_.clear();
  failing_.clear();
  asks_.clear();
}

PeerLinksCounters PeerLinks::Links::counters() const {
  PeerLinksCounters out = counters_;
  for (const Link& link : links_) {
    out.bytes_in += link.connection->counters().bytes_in;
    out.bytes_out += link.connection->counters().bytes_out;
  }
  out.links = links_.size();
  return out;
}

// One timer: for the next deadline of what waits, and else a tick as long as there are links.
void PeerLinks::Links::arm() {
  base::Instant next = base::Instant::never();
  for (const auto& handshake : accepting_) next = std::min(next, handshake->deadline);
  for (const Dial& dial : dials_) {
    next = std::min(next, dial.handshake->deadline);
    for (const WaitingStream* stream : dial.waiting) next = std::min(next, stream->deadline());
  }
  for (const auto& ask : asks_) next = std::min(next, ask->deadline());
  if (!links_.empty() || accept_paused_) next = std::min(next, steady_now() + tick);
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
  expire_dials(now);
  tend_links(now);
  std::vector<PeerAsk*> late;
  for (const auto& ask : asks_) {
    if (now >= ask->deadline()) late.push_back(ask.get());
  }
  for (PeerAsk* ask : late) ask->fail(StreamError::timed_out);
  if (tls_->rotation_due(hooks_.wall_clock())) rotate();
  if (accept_paused_ && acceptor_.is_open()) accept();
}

void PeerLinks::Links::expire_dials(base::Instant now) {
  for (Dial& dial : dials_) {
    std::erase_if(dial.waiting, [&](WaitingStream* stream) {
      if (now < stream->deadline()) return false;
      fail_later(*stream, StreamError::timed_out);
      return true;
    });
    if (now < dial.handshake->deadline && !dial.waiting.empty()) continue;
    std::error_code ignored;
    dial.handshake->timed_out = true;
    dial.handshake->socket.close(ignored);
  }
}

void PeerLinks::Links::tend_links(base::Instant now) {
  for (auto next = links_.begin(); next != links_.end();) {
    Link& link = *next++;
    const auto connection = link.connection;
    if (now >= link.drain_deadline) {
      on_link_ended(link);
      connection->close(StreamError::connection_lost);
      continue;
    }
    connection->on_time(now);
    if (now - connection->last_used() >= tick) connection->rest();
    if (connection->open_streams() != 0) continue;
    // The side that dialled closes first, so that a request hardly ever meets a GOAWAY.
    const base::Duration patience = options_.idle_timeout * (link.dialled ? 1 : 2);
    if (now - connection->last_used() < patience) continue;
    connection->shut_down();
    link.drain_deadline = std::min(link.drain_deadline, now + options_.drain_timeout);
  }
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
bool PeerLinks::has_link(const base::NodeId& node) const {
  return links_->has_link(node);
}
PeerLinksCounters PeerLinks::counters() const {
  return links_->counters();
}

}  // namespace transport
