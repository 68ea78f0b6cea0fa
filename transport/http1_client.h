// The asking side of HTTP/1.1. A ClientExchange is one request and its answer, from before there is
// a connection until both halves ended; a ClientConnection carries one exchange after another.
// Which connection serves which exchange is the pool's business (agent_client.cc).
#pragma once

#include "transport/agent_client.h"
#include "transport/byte_channel.h"
#include "transport/http1_parser.h"
#include "transport/http1_text.h"

#include <asio/io_context.hpp>

#include <memory>
#include <string>

namespace transport {

class ClientConnection;

class ClientExchange final : public Stream {
 public:
  ClientExchange(asio::io_context& loop, std::string target_base, RequestHead head,
                 Receiver& receiver, OpenOptions options);
  ~ClientExchange() override;

  void set_receiver(Receiver& receiver) override { receiver_ = &receiver; }
  void send_response_head(ResponseHead head) override;
  void send_data(base::ByteView bytes) override;
  void send_end(Headers trailers) override;
  [[nodiscard]] std::size_t unsent() const override;
  void consumed(std::size_t bytes) override;

  // From the pool. The handle becomes null when the user destroys the exchange.
  [[nodiscard]] base::Duration connect_timeout() const { return connect_timeout_; }
  [[nodiscard]] std::shared_ptr<ClientExchange*> handle();
  void fail(StreamError error);
  void fail_soon(StreamError error);

 private:
  friend class ClientConnection;

  void append_head(std::string& out) const;
  void append_data(base::ByteView bytes);
  [[nodiscard]] bool may_be_sent_again() const;

  asio::io_context& loop_;
  base::Duration connect_timeout_;
  std::string target_base_;
  RequestHead head_;
  BodyFraming framing_;
  Receiver* receiver_;
  ClientConnection* connection_ = nullptr;
  std::shared_ptr<ClientExchange*> handle_;  // with connects and failures under way
  std::string early_;              // body bytes, framed, from before there was a connection
  std::uint64_t body_left_ = 0;    // with BodyFraming::length
  bool above_high_water_ = false;  // of early_
  bool body_sent_ = false;         // a byte of it was given to a connection
  bool request_ended_ = false;
  bool done_ = false;  // complete or failed: what is still sent goes nowhere
};

class ClientConnection final : public ByteChannel::User {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    // Ready for the next exchange.
    virtual void on_idle(ClientConnection& connection) = 0;
    // Destroys the connection, but not before the present handler of the loop has returned.
    virtual void retire(ClientConnection& connection) = 0;
    // The kept connection was closed before an answer began: again, on a fresh one.
    virtual void start_fresh(ClientConnection& stale, ClientExchange& exchange) = 0;
  };

  ClientConnection(std::shared_ptr<ByteChannel> channel, const AgentClientOptions& options,
                   Owner& owner);
  ~ClientConnection() override;
  ClientConnection(const ClientConnection&) = delete;
  ClientConnection& operator=(const ClientConnection&) = delete;

  void begin(ClientExchange& exchange);
  // Looks whether the agent left while nothing was read.
  void on_time();
  void close();

  std::size_t place = 0;  // where the owner finds it; this and the next two are the owner's to use
  void* pool = nullptr;
  base::Instant idle_since;

 private:
  friend class ClientExchange;

  std::size_t on_bytes(base::ByteView bytes) override;
  void on_input_end(bool clean) override;
  void on_writable() override;

  void on_head();
  void on_answer_end(bool clean);
  void finish(bool reusable);
  void fail(StreamError error);
  void retire();
  void on_request_ended();
  void consumed(std::size_t bytes);
  void on_abandoned();

  std::shared_ptr<ByteChannel> channel_;  // shared with its own handlers only
  const AgentClientOptions& options_;
  Owner& owner_;
  Http1Parser parser_;
  ClientExchange* exchange_ = nullptr;
  std::size_t unconsumed_ = 0;
  std::uint64_t exchanges_ = 0;  // begun here
  bool answer_begun_ = false;    // a byte of it came
  bool answer_ended_ = false;    // before the request ended
  bool started_ = false;
  bool retired_ = false;
};

}  // namespace transport
