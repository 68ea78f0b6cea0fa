// One small question to a node and its whole answer, over a PeerStream.
#pragma once

#include "base/bytes.h"
#include "base/time.h"
#include "transport/peer_links.h"
#include "transport/stream.h"

#include <cstddef>
#include <functional>
#include <memory>

namespace transport {

class PeerAsk final : public Receiver {
 public:
  // `finished` is called once, after the callback; it may destroy this.
  PeerAsk(std::size_t bytes_max, base::Instant deadline,
          std::function<void(PeerLinks::Answer)> callback, std::function<void(PeerAsk&)> finished);

  void start(std::unique_ptr<PeerStream> stream, base::ByteView body);
  void fail(StreamError error);
  [[nodiscard]] base::Instant deadline() const { return deadline_; }

  void on_response_head(ResponseHead head) override;
  void on_data(base::ByteView bytes) override;
  void on_end(Headers trailers) override;
  void on_failed(StreamError error) override;
  void on_writable() override {}  // the whole body was handed over at once

 private:
  void finish(PeerLinks::Answer answer);

  const std::size_t bytes_max_;
  const base::Instant deadline_;
  std::function<void(PeerLinks::Answer)> callback_;
  std::function<void(PeerAsk&)> finished_;
  std::unique_ptr<PeerStream> stream_;
  base::Bytes answer_;
};

}  // namespace transport
