#include "transport/http1_client.h"

#include "base/check.h"

#include <asio/post.hpp>

#include <algorithm>
#include <utility>

namespace transport {
namespace {

BodyFraming framing_of(const RequestHead& head) {
  if (!head.body_size) return BodyFraming::chunked;
  if (*head.body_size > 0) return BodyFraming::length;
  const bool usual = head.method == "POST" || head.method == "PUT" || head.method == "PATCH";
  return usual ? BodyFraming::length : BodyFraming::none;
}

// RFC 9110, 9.2.2.
bool is_idempotent(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" ||
         method == "OPTIONS" || method == "TRACE";
}

}  // namespace

ClientExchange::ClientExchange(asio::io_context& loop, std::string target_base, RequestHead head,
                               Receiver& receiver, OpenOptions options)
    : loop_(loop),
      connect_timeout_(options.connect_timeout),
      target_base_(std::move(target_base)),
      head_(std::move(head)),
      framing_(framing_of(head_)),
      receiver_(&receiver),
      body_left_(head_.body_size.value_or(0)) {}

ClientExchange::~ClientExchange() {
  if (handle_) *handle_ = nullptr;
  if (connection_ != nullptr) connection_->on_abandoned();
}

void ClientExchange::send_response_head(ResponseHead head) {
  static_cast<void>(head);
  CHECK(false);  // this side asks
}

void ClientExchange::append_head(std::string& out) const {
  append_request_head(out, head_, target_base_, head_.authority, framing_);
}

// Nothing of the body may have reached a connection that failed; a method that may run twice, then.
bool ClientExchange::may_be_sent_again() const {
  return !body_sent_ && is_idempotent(head_.method);
}

void ClientExchange::send_data(base::ByteView bytes) {
  if (done_ || request_ended_ || framing_ == BodyFraming::none) return;
  if (framing_ == BodyFraming::length) {
    bytes =
        bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), body_left_)));
    body_left_ -= bytes.size();
  }
  if (bytes.empty()) return;
  append_data(bytes);
  if (connection_ == nullptr) return;
  body_sent_ = true;
  if (framing_ == BodyFraming::length && body_left_ == 0) {
    connection_->channel_->flush();
  } else {
    connection_->channel_->flush_soon();
  }
}

void ClientExchange::append_data(base::ByteView bytes) {
  std::string& out = connection_ != nullptr ? connection_->channel_->output() : early_;
  if (framing_ == BodyFraming::chunked) append_chunk_size(out, bytes.size());
  if (connection_ != nullptr) {
    connection_->channel_->write(bytes);
  } else {
    early_.append(base::as_text(bytes));
  }
  if (framing_ == BodyFraming::chunked) out.append("\r\n");
  if (early_.size() > high_water) above_high_water_ = true;
}

void ClientExchange::send_end(Headers trailers) {
  if (done_ || request_ended_) return;
  request_ended_ = true;
  if (framing_ == BodyFraming::length && body_left_ > 0) {
    // Less than was announced: the agent must not take it for all.
    if (connection_ != nullptr) std::exchange(connection_, nullptr)->on_abandoned();
    return fail_soon(StreamError::cancelled);
  }
  std::string& out = connection_ != nullptr ? connection_->channel_->output() : early_;
  if (framing_ == BodyFraming::chunked) {
    append_last_chunk(out, trailers);
    if (connection_ != nullptr) body_sent_ = true;
  }
  if (connection_ != nullptr) connection_->on_request_ended();
}

std::size_t ClientExchange::unsent() const {
  return connection_ != nullptr ? connection_->channel_->unsent() : early_.size();
}

void ClientExchange::consumed(std::size_t bytes) {
  if (connection_ != nullptr) connection_->consumed(bytes);
}

std::shared_ptr<ClientExchange*> ClientExchange::handle() {
  if (!handle_) handle_ = std::make_shared<ClientExchange*>(this);
  return handle_;
}

void ClientExchange::fail(StreamError error) {
  if (std::exchange(done_, true)) return;
  connection_ = nullptr;
  early_ = {};
  receiver_->on_failed(error);
}

void ClientExchange::fail_soon(StreamError error) {
  asio::post(loop_, [handle = handle(), error] {
    if (*handle != nullptr) (*handle)->fail(error);
  });
}

ClientConnection::ClientConnection(std::shared_ptr<ByteChannel> channel,
                                   const AgentClientOptions& options, Owner& owner)
    : channel_(std::move(channel)),
      options_(options),
      owner_(owner),
      parser_(Http1Parser::Kind::response,
              {.head_bytes_max = options.head_bytes_max, .headers_max = options.headers_max}) {}

ClientConnection::~ClientConnection() {
  if (exchange_ != nullptr) exchange_->connection_ = nullptr;
  channel_->close(exchange_ != nullptr);
}

void ClientConnection::begin(ClientExchange& exchange) {
  ++exchanges_;
  exchange_ = &exchange;
  exchange.connection_ = this;
  answer_begun_ = answer_ended_ = false;
  unconsumed_ = 0;
  parser_.restart(exchange.head_.method == "HEAD");
  channel_->set_reading(true);
  exchange.append_head(channel_->output());
  if (!exchange.early_.empty()) {
    const std::string early = std::exchange(exchange.early_, {});
    exchange.body_sent_ = true;
    channel_->write(base::as_bytes(early));
  }
  if (!started_) channel_->start(*this);
  started_ = true;
  // With a body to come, more may follow in this turn.
  const bool complete = exchange.request_ended_ || exchange.framing_ == BodyFraming::none;
  complete ? channel_->flush() : channel_->flush_soon();
  if (std::exchange(exchange.above_high_water_, false) && channel_->unsent() <= Stream::low_water) {
    exchange.receiver_->on_writable();
  }
}

std::size_t ClientConnection::on_bytes(base::ByteView bytes) {
  if (exchange_ == nullptr) {
    // Nobody asked: an agent that says it is tired of waiting (408), or is out of step.
    retire();
    return bytes.size();
  }
  answer_begun_ = answer_begun_ || !bytes.empty();
  std::size_t used = 0;
  while (exchange_ != nullptr && !answer_ended_ && unconsumed_ < options_.window) {
    const Http1Parser::Step step = parser_.step(bytes.subspan(used));
    used += step.used;
    switch (step.event) {
      case Http1Parser::Event::need_more:
        // The rest may be waiting for our acknowledgement: many agents send head and body apart
        // without TCP_NODELAY, and a delayed acknowledgement would cost each call 40 ms.
        if (answer_begun_) channel_->acknowledge_now();
        return used;
      case Http1Parser::Event::head:
        on_head();
        break;
      case Http1Parser::Event::data:
        unconsumed_ += step.data.size();
        if (unconsumed_ >= options_.window) channel_->set_reading(false);
        exchange_->receiver_->on_data(step.data);
        break;
      case Http1Parser::Event::end:
        on_answer_end(parser_.terms().keep_alive && used == bytes.size());
        return bytes.size();
      case Http1Parser::Event::failed:
        fail(StreamError::protocol_error);
        break;
    }
  }
  return exchange_ == nullptr ? bytes.size() : used;
}

void ClientConnection::on_head() {
  ResponseHead& head = parser_.response();
  if (head.status == 101) return fail(StreamError::protocol_error);  // was not asked for
  if (head.status < 200) return parser_.restart(exchange_->head_.method == "HEAD");
  exchange_->receiver_->on_response_head(std::move(head));
}

void ClientConnection::on_answer_end(bool clean) {
  ClientExchange& exchange = *exchange_;
  Receiver& receiver = *exchange.receiver_;
  Headers trailers = parser_.take_trailers();
  if (exchange.request_ended_) {
    finish(clean);
  } else {
    // The rest of the request goes nowhere: the agent has said what it had to.
    exchange.connection_ = nullptr;
    exchange.done_ = true;
    exchange_ = nullptr;
    retire();
  }
  receiver.on_end(std::move(trailers));
}

void ClientConnection::finish(bool reusable) {
  exchange_->connection_ = nullptr;
  exchange_->done_ = true;
  exchange_ = nullptr;
  if (!reusable || channel_->unsent() > 0) return retire();
  parser_.restart();
  channel_->set_reading(true);
  owner_.on_idle(*this);
}

void ClientConnection::fail(StreamError error) {
  ClientExchange* const exchange = std::exchange(exchange_, nullptr);
  retire();
  if (exchange != nullptr) exchange->fail(error);
}

void ClientConnection::retire() {
  if (std::exchange(retired_, true)) return;
  channel_->close(false);
  owner_.retire(*this);
}

void ClientConnection::on_input_end(bool clean) {
  if (exchange_ == nullptr) return retire();
  if (clean && answer_begun_ && parser_.ends_with_connection()) return on_answer_end(false);
  const bool stale = exchanges_ > 1 && !answer_begun_;
  if (!stale || !exchange_->may_be_sent_again()) return fail(StreamError::connection_lost);
  ClientExchange& exchange = *std::exchange(exchange_, nullptr);
  exchange.connection_ = nullptr;
  retire();
  owner_.start_fresh(*this, exchange);
}

void ClientConnection::on_writable() {
  if (exchange_ != nullptr) exchange_->receiver_->on_writable();
}

void ClientConnection::on_time() {
  if (exchange_ == nullptr || retired_ || channel_->reading()) return;
  if (channel_->broken()) fail(StreamError::connection_lost);
}

void ClientConnection::close() {
  retire();
}

void ClientConnection::on_request_ended() {
  channel_->flush();
}

void ClientConnection::consumed(std::size_t bytes) {
  unconsumed_ -= std::min(bytes, unconsumed_);
  if (unconsumed_ < options_.window) channel_->set_reading(true);
}

// The user let go in the middle: the agent sees the connection end at once.
void ClientConnection::on_abandoned() {
  exchange_ = nullptr;
  channel_->close(true);
  retire();
}

}  // namespace transport
