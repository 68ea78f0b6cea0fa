// Hostile bytes for the serving side of HTTP/2: shared by the fuzz target and by a test that runs
// mutations of a real conversation.
#pragma once

#include "base/bytes.h"
#include "base/check.h"
#include "transport/http2_session.h"

#include <list>
#include <memory>
#include <utility>

namespace transport {

// Answers at once, takes and gives back whatever body comes.
class FuzzedService final : public Service {
 public:
  struct Exchange final : Receiver {
    std::unique_ptr<Stream> stream;
    void on_response_head(ResponseHead /*head*/) override { CHECK(false); }
    void on_data(base::ByteView bytes) override {
      stream->consumed(bytes.size());
      stream->send_data(bytes);
    }
    void on_end(Headers /*trailers*/) override {
      stream->send_end({{.name = "x", .value = "y"}});
      stream.reset();
    }
    void on_failed(StreamError /*error*/) override { stream.reset(); }
    void on_writable() override {}
  };

  void on_request(RequestHead /*head*/, std::unique_ptr<Stream> stream,
                  const RequestOrigin& /*origin*/) override {
    Exchange& exchange = exchanges_.emplace_back();
    exchange.stream = std::move(stream);
    exchange.stream->set_receiver(exchange);
    exchange.stream->send_response_head({.status = 200, .headers = {}, .body_size = std::nullopt});
  }

 private:
  std::list<Exchange> exchanges_;
};

// In pieces, as a network would; the first byte chooses how large.
inline void feed_http2_session(base::ByteView bytes) {
  if (bytes.empty()) return;
  FuzzedService service;
  Http2Session session(Http2Side::server, {.streams_max = 16}, &service, {}, [] {});
  const std::size_t piece = 1 + std::to_integer<std::size_t>(bytes[0]) * 4;
  base::Instant now;
  bool holds = true;
  while (holds && !bytes.empty()) {
    const base::ByteView next = bytes.first(piece < bytes.size() ? piece : bytes.size());
    bytes = bytes.subspan(next.size());
    now = now + std::chrono::milliseconds(1);
    holds = session.on_bytes(now, next);
    base::Bytes out;
    session.take_output(out, 4096);
    CHECK(out.size() < 64 * 1024);
  }
  session.close(StreamError::connection_lost);
  base::Bytes out;
  session.take_output(out, 0);
}

}  // namespace transport
