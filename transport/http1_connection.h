// The answering side of one HTTP/1.1 connection: one request at a time goes to the service, the
// next one is not looked at before its answer is complete. The exchange ends well when both halves
// ended; whatever breaks one half before (an abort by either side, silence, a malformed chunk)
// closes the connection, since HTTP/1.1 has no other way to say so.
//
//        head read            both halves ended, keep-alive
//  idle ----------> exchange -----------------------------> idle
//    |                  | not keep-alive                      both: abort, timeout -> retired
//    '--- refused ------'-----------------> lingering --> retired
#pragma once

#include "base/time.h"
#include "transport/byte_channel.h"
#include "transport/http1_parser.h"
#include "transport/http1_text.h"
#include "transport/http_listener.h"
#include "transport/service.h"

#include <asio/io_context.hpp>

#include <memory>
#include <optional>

namespace transport {

class Http1Connection final : public ByteChannel::User {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual asio::io_context& loop() = 0;
    // Destroys the connection, but not before the present handler of the loop has returned.
    virtual void retire(Http1Connection& connection) = 0;
    // The first bytes were HTTP/2's preface. The connection retires too.
    virtual void speaks_http2(Http1Connection& connection, asio::ip::tcp::socket socket,
                              base::ByteView bytes) = 0;
  };

  Http1Connection(std::shared_ptr<ByteChannel> channel, Service& service,
                  const HttpListenerOptions& options, Owner& owner);
  ~Http1Connection() override;
  Http1Connection(const Http1Connection&) = delete;
  Http1Connection& operator=(const Http1Connection&) = delete;

  void start();
  // Called a few times in each timeout's span; a timeout is late by at most the time between two.
  void on_time(base::Instant now);
  // Ends after the present exchange, or now if there is none.
  void drain();

  std::size_t place = 0;  // where the owner finds it; the owner's to use

 private:
  class Exchange;
  enum class Waiting : std::uint8_t {
    for_request,
    for_head,
    for_body,
    for_client_to_read,
    for_service,
    for_close
  };

  std::size_t on_bytes(base::ByteView bytes) override;
  void on_input_end(bool clean) override;
  void on_writable() override;

  bool may_step() const;
  bool looks_like_http2(base::ByteView bytes) const;
  void on_head();
  void on_body(base::ByteView bytes);
  void on_request_end();
  void refuse(int status, std::string_view detail, bool keep_alive);
  void finish_if_complete();
  void fail(StreamError error);
  void retire();
  void resume();
  Waiting waiting() const;
  base::Duration patience(Waiting waiting) const;
  void lose_patience(Waiting waiting);

  // What an Exchange passes on.
  void set_receiver(Receiver& receiver);
  void send_head(const ResponseHead& head);
  void send_data(base::ByteView bytes);
  void send_end(const Headers& trailers);
  void consumed(std::size_t bytes);
  void on_abandoned();

  std::shared_ptr<ByteChannel> channel_;  // shared with its own handlers only
  Service& service_;
  const HttpListenerOptions& options_;
  Owner& owner_;
  RequestOrigin origin_;
  Http1Parser parser_;

  // The present exchange.
  Exchange* exchange_ = nullptr;  // null: none, or abandoned by the service
  Receiver* receiver_ = nullptr;
  bool open_ = false;  // a head was read, the exchange has not ended
  bool request_ended_ = false;
  bool answer_started_ = false;
  bool answer_ended_ = false;
  bool discarding_ = false;    // the rest of the body is read for the next request's sake
  bool continue_due_ = false;  // the client waits for 100
  bool answers_head_ = false;
  bool version_1_0_ = false;
  bool keep_alive_ = false;
  BodyFraming framing_ = BodyFraming::none;
  std::uint64_t answer_left_ = 0;  // with BodyFraming::length
  std::size_t unconsumed_ = 0;
  std::size_t discarded_ = 0;

  bool in_input_ = false;  // on_bytes() is running
  bool draining_ = false;
  bool lingering_ = false;
  bool retired_ = false;
  std::uint64_t requests_ = 0;
  // What on_time() saw last.
  std::optional<Waiting> waited_;  // nothing: not looked at yet
  std::uint64_t waited_request_ = 0;
  base::Instant waiting_since_;
};

}  // namespace transport
