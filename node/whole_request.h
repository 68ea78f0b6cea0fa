// Collects a request whose body is small and needed whole: for the API and for peers' questions. A
// table of them lives beside each gateway; a request leaves it when it is whole, too large, gone or
// late. Where there is no room, the oldest that is not whole goes, its stream with it: of the same
// peer if that one has its share, else of all.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "base/time.h"
#include "transport/service.h"
#include "transport/stream.h"

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace node {

struct WholeRequest {
  transport::RequestHead head;
  transport::RequestOrigin origin;
  base::Bytes body;
};

class RequestCollector {
 public:
  struct Options {
    std::size_t body_bytes_max = 1024 * 1024;
    std::size_t requests_max = 256;                    // being collected at once
    std::size_t requests_per_peer_max = 8;             // of one node; agents have no such share
    std::size_t bytes_max = std::size_t{32} << 20;     // of all that is collected
    base::Duration timeout = std::chrono::seconds(5);  // from the head to the end of the body
  };
  // Called once for each whole request; owns the stream from then on, and drops it before the
  // collector goes. That the caller left in the meantime is not told: answering is then harmless.
  using Whole = std::function<void(WholeRequest, std::unique_ptr<transport::Stream>)>;
  // Called instead when the body is larger than allowed.
  using TooLarge = std::function<void(std::unique_ptr<transport::Stream>)>;

  RequestCollector(asio::io_context& io, Options options, Whole whole, TooLarge too_large);
  ~RequestCollector();

  void collect(transport::RequestHead head, std::unique_ptr<transport::Stream> stream,
               const transport::RequestOrigin& origin);

 private:
  class Pending;
  class Nobody final : public transport::Receiver {
   public:
    void on_response_head(transport::ResponseHead) override {}
    void on_data(base::ByteView) override {}
    void on_end(transport::Headers) override {}
    void on_failed(transport::StreamError) override {}
    void on_writable() override {}
  };

  void finish(std::uint64_t number);
  void remove(std::uint64_t number);
  void make_room(const std::optional<base::NodeId>& peer);
  void shed_bytes();
  void arm();

  asio::io_context& io_;
  const Options options_;
  const Whole whole_;
  const TooLarge too_large_;
  Nobody nobody_;
  asio::steady_timer timer_;  // for the first of pending_
  bool armed_ = false;
  std::uint64_t last_number_ = 0;
  std::map<std::uint64_t, std::unique_ptr<Pending>> pending_;  // the oldest first
  std::size_t bytes_ = 0;                                      // of their bodies
};

}  // namespace node
