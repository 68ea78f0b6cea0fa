// Collects a request whose body is small and needed whole: for the API and for peers' questions. A
// table of them lives beside each gateway; a request leaves it when it is whole, too large or gone.
#pragma once

#include "base/bytes.h"
#include "transport/service.h"
#include "transport/stream.h"

#include <asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>

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
    std::size_t requests_max = 256;  // being collected at once; more are dropped unanswered
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

  asio::io_context& io_;
  const Options options_;
  const Whole whole_;
  const TooLarge too_large_;
  Nobody nobody_;
  std::uint64_t last_number_ = 0;
  std::unordered_map<std::uint64_t, std::unique_ptr<Pending>> pending_;
};

}  // namespace node
