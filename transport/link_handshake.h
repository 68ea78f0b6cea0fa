// From a TCP socket to a link: connect if we dial, TLS on both sides, then who the other one is.
// The dialling side is done only when the first byte of HTTP/2 came, which the other side sends
// after it checked us; so a refusal is never mistaken for a link that broke.
//
// A coroutine whose owner may cut it off at any time by close(), for instance at its deadline.
#pragma once

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/ids.h"
#include "base/time.h"
#include "transport/tls_session.h"

#include <asio/awaitable.hpp>
#include <asio/ip/tcp.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace transport {

[[nodiscard]] asio::ip::tcp::endpoint to_asio(const base::Endpoint& endpoint);
[[nodiscard]] base::Endpoint from_asio(const asio::ip::tcp::endpoint& endpoint);

enum class HandshakeOutcome : std::uint8_t {
  done,
  not_connected,
  timed_out,
  broken_tls,       // not TLS 1.3, no certificate, garbage, or the other side closed
  bad_certificate,  // for a reason of CertificateError
};

struct LinkHandshake {
  LinkHandshake(asio::ip::tcp::socket connection, TlsSide our_side, const base::Endpoint& remote,
                base::Instant until)
      : socket(std::move(connection)), side(our_side), at(remote), deadline(until) {}

  asio::ip::tcp::socket socket;
  TlsSide side;
  base::Endpoint at;  // to dial; else where it came from
  base::Instant deadline;
  std::unique_ptr<TlsSession> tls;
  base::Bytes early;  // plain bytes that came behind the handshake
  base::NodeId peer;  // when done
  std::string text;   // else one sentence
  bool timed_out = false;
};

// Owners of `handshake`: the coroutine, and whoever watches its deadline. `context` and
// `wall_clock` outlive the coroutine. Nothing happens to them once the socket was closed.
[[nodiscard]] asio::awaitable<HandshakeOutcome> shake_hands(
    std::shared_ptr<LinkHandshake> handshake, std::shared_ptr<const TlsContext> context,
    std::function<base::WallTime()> wall_clock);

}  // namespace transport
