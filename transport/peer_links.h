// The links of a node: TLS 1.3 over TCP, both sides authenticated by their node ids, HTTP/2 inside.
// The side that dialled asks, the side that accepted answers, so two nodes that call each other
// share two links. A link is dialled when a stream needs it, shared by all streams to that node,
// and closed when idle; it counts as there when the other side has admitted us, so a request never
// dies of a refusal.
//
// What holds
//  - A stream reaches the node that was asked for, or fails as wrong_identity.
//  - Requests come to the Service with the node id that the handshake proved.
//  - A stranger costs at most one of handshakes_max slots for handshake_timeout.
//  - links_max bounds the links; the least recently used idle one makes room. One node alone gets
//    links_per_peer_max of them, and what is buffered for it is bounded by their windows.
// Everything runs on the thread of the io_context. Streams may outlive this; they are silent then.
#pragma once

#include "base/endpoint.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/identity.h"
#include "transport/certificate.h"
#include "transport/http2_session.h"
#include "transport/service.h"
#include "transport/stream.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace asio {
class io_context;
}

namespace transport {

struct PeerLinksOptions {
  std::size_t links_max = 1024;
  std::size_t links_per_peer_max = 4;  // that one node may hold here; its own oldest makes room
  std::size_t handshakes_max =
      64;  // unfinished ones; the oldest makes room, as an honest one takes milliseconds
  base::Duration handshake_timeout = std::chrono::seconds(5);
  base::Duration idle_timeout = std::chrono::seconds(60);
  base::Duration drain_timeout =
      std::chrono::seconds(10);  // of a link that goes away in good order
  std::size_t ask_bytes_max = 1024 * 1024;
  CertificateOptions certificate{};
  Http2Options http2{.streams_max = 1024,
                     .resets_max = 20'000,
                     .ping_after = std::chrono::seconds(10),
                     .ping_timeout = std::chrono::seconds(5)};
};

// What PeerLinks asks of its owner. None may be called again from inside; all may be empty but the
// clock.
struct PeerLinksHooks {
  std::function<base::WallTime()> wall_clock;
  std::function<bool(const base::NodeId&)> admit;         // after the handshake; empty: everyone
  std::function<void(const base::NodeId&)> on_link_lost;  // an established link broke by itself
  std::function<void(const std::string&)> on_handshake_failed;  // one sentence for the log
};

struct PeerLinksCounters {
  std::uint64_t handshakes = 0;  // that succeeded, of both sides
  std::uint64_t accepted = 0;    // of these, those that others dialled
  std::uint64_t failed_to_connect = 0;
  std::uint64_t failed_timeout = 0;
  std::uint64_t failed_tls = 0;          // not TLS 1.3, no certificate, garbage
  std::uint64_t failed_certificate = 0;  // for a reason of CertificateError
  std::uint64_t failed_identity = 0;     // another node than the one that was dialled
  std::uint64_t failed_admission = 0;
  std::uint64_t links_lost = 0;
  std::uint64_t links_evicted = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::size_t links = 0;    // now
  std::size_t streams = 0;  // on them, now
};

// A Stream over a link.
class PeerStream : public Stream {
 public:
  // The node on the other side; null until the link is there.
  [[nodiscard]] virtual const base::NodeId* peer() const = 0;
};

class PeerLinks {
 public:
  // `service` gets the requests of peers; it and `identity` outlive this.
  PeerLinks(asio::io_context& loop, const crypto::Identity& identity, const base::MeshId& mesh,
            Service& service, PeerLinksHooks hooks, const PeerLinksOptions& options);
  PeerLinks(const PeerLinks&) = delete;
  PeerLinks& operator=(const PeerLinks&) = delete;
  ~PeerLinks();

  // Binds and accepts; the endpoint that was bound, or a sentence. With port 0 a free port is
  // sought that `bind_partner` (the UDP socket of the same number; may be empty) accepts too.
  [[nodiscard]] base::Result<base::Endpoint, std::string> listen(
      const base::Endpoint& at, const std::function<bool(const base::Endpoint&)>& bind_partner);

  // A request to `node`, or to whoever answers at `at`. Uses the link to `node` if there is one.
  [[nodiscard]] std::unique_ptr<PeerStream> open(const std::optional<base::NodeId>& node,
                                                 const base::Endpoint& at, RequestHead head,
                                                 Receiver& receiver,
                                                 base::Duration connect_timeout);

  // POST /parley/v1/ask with a small body, and the whole body of a 200. Any other status is
  // refused.
  using Answer = base::Result<std::pair<base::NodeId, base::Bytes>, StreamError>;
  void ask(const std::optional<base::NodeId>& node, const base::Endpoint& at, base::Bytes body,
           base::Duration timeout, std::function<void(Answer)> callback);

  void drop(
      const base::NodeId& node);  // cuts every link to it; its streams fail as connection_lost
  void shut_down();               // no new link or request; what is in flight goes on

  // New handshakes use a new certificate; old links go on. Done by itself when it is due.
  void rotate();

  [[nodiscard]] bool has_link(const base::NodeId& node) const;
  // It proved who it is and then closed, when we dialled it last: it does not admit us.
  [[nodiscard]] bool refused_by(const base::NodeId& node) const;
  [[nodiscard]] PeerLinksCounters counters() const;

 private:
  class Links;

  // Owners: this, and the asynchronous operations that are still to complete.
  std::shared_ptr<Links> links_;
};

inline constexpr std::string_view ask_target = "/parley/v1/ask";

}  // namespace transport
