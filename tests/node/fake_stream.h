// A transport::Stream that writes down what was done to it, for tests of what is between streams.
#pragma once

#include "transport/stream.h"

#include <memory>
#include <optional>
#include <string>

namespace node {

// What happened on one stream; outlives it.
struct StreamLog {
  std::optional<transport::ResponseHead> head;
  std::string sent;
  bool ended = false;
  bool destroyed = false;
  std::size_t consumed = 0;
  std::size_t unsent = 0;  // what the stream claims
  transport::Receiver* receiver = nullptr;

  [[nodiscard]] bool aborted() const { return destroyed && !ended; }
};

class FakeStream final : public transport::Stream {
 public:
  explicit FakeStream(StreamLog& log) : log_(log) {}
  ~FakeStream() override { log_.destroyed = true; }

  void set_receiver(transport::Receiver& receiver) override { log_.receiver = &receiver; }
  void send_response_head(transport::ResponseHead head) override { log_.head = std::move(head); }
  void send_data(base::ByteView bytes) override { log_.sent += base::as_text(bytes); }
  void send_end(transport::Headers /*trailers*/) override { log_.ended = true; }
  [[nodiscard]] std::size_t unsent() const override { return log_.unsent; }
  void consumed(std::size_t bytes) override { log_.consumed += bytes; }

 private:
  StreamLog& log_;
};

}  // namespace node
