#include "transport/link_handshake.h"

#include "transport/use_tuple.h"

#include <asio/buffer.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace transport {
namespace {

constexpr std::size_t bytes_max = 32 * 1024;  // of a handshake; an honest one takes two

// A flight of a handshake always fits an empty socket buffer; else something is wrong with it.
bool write_now(asio::ip::tcp::socket& socket, base::Bytes& bytes) {
  if (bytes.empty()) return true;
  std::error_code error;
  const std::size_t written = socket.write_some(asio::buffer(bytes), error);
  const bool all = written == bytes.size();
  bytes.clear();
  return all && !error;
}

bool is_done(const LinkHandshake& handshake) {
  if (!handshake.tls->handshake_complete()) return false;
  return handshake.side == TlsSide::server || !handshake.early.empty();
}

TlsSession::State advance(LinkHandshake& handshake, base::ByteView in, base::Bytes& out) {
  if (!handshake.tls->handshake_complete()) {
    return handshake.tls->handshake(in, out, handshake.early);
  }
  return handshake.tls->open(in, out, [&handshake](base::ByteView plain) {
    handshake.early.insert(handshake.early.end(), plain.begin(), plain.end());
    return true;
  });
}

std::string why_broken(bool peer_checked) {
  return peer_checked ? "the other side did not admit this node" : "the TLS handshake failed";
}

HandshakeOutcome failed(LinkHandshake& handshake, HandshakeOutcome outcome, std::string text) {
  handshake.text = std::move(text) + " (" + handshake.at.to_string() + ")";
  std::error_code ignored;
  handshake.socket.close(ignored);
  return handshake.timed_out ? HandshakeOutcome::timed_out : outcome;
}

}  // namespace

asio::ip::tcp::endpoint to_asio(const base::Endpoint& endpoint) {
  if (endpoint.is_v4()) {
    asio::ip::address_v4::bytes_type bytes;
    std::copy_n(endpoint.ip.begin() + 12, bytes.size(), bytes.begin());
    return {asio::ip::address_v4(bytes), endpoint.port};
  }
  asio::ip::address_v6::bytes_type bytes;
  std::copy_n(endpoint.ip.begin(), bytes.size(), bytes.begin());
  return {asio::ip::address_v6(bytes), endpoint.port};
}

base::Endpoint from_asio(const asio::ip::tcp::endpoint& endpoint) {
  if (endpoint.address().is_v4()) {
    return base::Endpoint::v4(endpoint.address().to_v4().to_bytes(), endpoint.port());
  }
  base::Endpoint out;
  const auto bytes = endpoint.address().to_v6().to_bytes();
  std::copy_n(bytes.begin(), bytes.size(), out.ip.begin());
  out.port = endpoint.port();
  return out;
}

asio::awaitable<HandshakeOutcome> shake_hands(std::shared_ptr<LinkHandshake> handshake,
                                              std::shared_ptr<const TlsContext> context,
                                              std::function<base::WallTime()> wall_clock) {
  LinkHandshake& self = *handshake;
  std::error_code ignored;
  if (self.side == TlsSide::client) {
    const auto [error] = co_await self.socket.async_connect(to_asio(self.at), use_tuple);
    if (error) {
      const std::string why = self.timed_out ? "no answer in time" : error.message();
      co_return failed(self, HandshakeOutcome::not_connected, "cannot connect to a node: " + why);
    }
  }
  self.socket.non_blocking(true, ignored);
  self.tls = std::make_unique<TlsSession>(*context, self.side);
  base::Bytes out;
  auto state = TlsSession::State::going_on;
  if (self.side == TlsSide::client) state = self.tls->handshake({}, out, self.early);
  std::array<std::byte, 2048> buffer;
  std::size_t received = 0;
  bool checked = false;
  while (true) {
    const bool written = write_now(self.socket, out);
    if (!checked && self.tls->handshake_complete()) {
      auto peer = self.tls->peer(*context, wall_clock());
      if (!peer) {
        self.tls->say_goodbye(out);
        write_now(self.socket, out);
        co_return failed(self, HandshakeOutcome::bad_certificate, std::move(peer.error().text));
      }
      self.peer = *peer;
      checked = true;
    }
    if (!written || state != TlsSession::State::going_on) {
      co_return failed(self, HandshakeOutcome::broken_tls, why_broken(checked));
    }
    if (is_done(self)) break;
    const auto [error, size] =
        co_await self.socket.async_read_some(asio::buffer(buffer), use_tuple);
    received += size;
    if (error || received > bytes_max) {
      co_return failed(self, HandshakeOutcome::broken_tls, why_broken(checked));
    }
    state = advance(self, base::ByteView(buffer).first(size), out);
  }
  co_return HandshakeOutcome::done;
}

}  // namespace transport
