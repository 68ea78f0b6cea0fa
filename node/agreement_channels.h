// The way of agreement's frames between nodes: to each peer one long request over the link, whose
// body is frames one behind the other (length u32 little-endian, then bytes), and which the other
// side never answers. In each direction the newest channel of a peer counts.
//
// What does not fit is dropped, and so is what is under way when a link breaks: agreement sends
// again what matters. A channel that was not used for a while is closed.
#pragma once

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/ids.h"
#include "base/time.h"
#include "transport/peer_links.h"
#include "transport/service.h"

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace node {

inline constexpr std::string_view agreement_target = "/parley/v1/agreement";

class AgreementChannels {
 public:
  struct Options {
    std::size_t frame_bytes_max = std::size_t{4} * 1024 * 1024;
    std::size_t unsent_bytes_max = std::size_t{4} * 1024 * 1024;  // to one peer; more is dropped
    std::size_t channels_max = 1'024;                             // in each direction
    base::Duration connect_timeout = std::chrono::seconds(2);
    base::Duration retry_after = std::chrono::milliseconds(200);  // a channel that broke
    base::Duration idle_timeout = std::chrono::seconds(30);
  };
  using Lookup = std::function<std::optional<base::Endpoint>(const base::NodeId&)>;
  using Arrived = std::function<void(const base::NodeId& from, base::Bytes frame)>;

  AgreementChannels(asio::io_context& io, Options options, Lookup lookup, Arrived arrived);
  ~AgreementChannels();
  AgreementChannels(const AgreementChannels&) = delete;
  AgreementChannels& operator=(const AgreementChannels&) = delete;

  void connect(transport::PeerLinks& links) { links_ = &links; }
  void send(const base::NodeId& to, base::ByteView frame);
  // A peer's channel, opened by it.
  void accept(const base::NodeId& from, std::unique_ptr<transport::Stream> stream);
  // Ends all: what was sent still goes out, and from now on nothing is sent or taken.
  void drain();
  // Closes all; no callback follows. Call before the links go.
  void shut_down();

  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }  // frames

 private:
  class Outgoing;
  class Incoming;

  void sweep();
  void arm();
  template <class Channels>
  void end(Channels& channels, const base::NodeId& peer, const void* which);

  asio::io_context& io_;
  const Options options_;
  const Lookup lookup_;
  const Arrived arrived_;
  transport::PeerLinks* links_ = nullptr;
  std::map<base::NodeId, std::unique_ptr<Outgoing>> outgoing_;
  std::map<base::NodeId, std::unique_ptr<Incoming>> incoming_;
  std::map<base::NodeId, base::Instant> broken_;  // not tried again before then
  asio::steady_timer timer_;
  bool armed_ = false;
  bool draining_ = false;
  std::uint64_t dropped_ = 0;
};

}  // namespace node
