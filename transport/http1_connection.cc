#include "transport/http1_connection.h"

#include "base/check.h"

#include <asio/post.hpp>

#include <algorithm>
#include <utility>

namespace transport {
namespace {

constexpr std::string_view http2_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::size_t discarded_max = 256 * 1024;  // of a body that nobody wants

int status_of(Http1Error error) {
  if (error == Http1Error::head_too_large || error == Http1Error::too_many_headers) return 431;
  return error == Http1Error::target_too_long ? 414 : 400;
}

}  // namespace

// The service's handle. The connection forgets it when the exchange ends, and it the connection.
class Http1Connection::Exchange final : public Stream {
 public:
  explicit Exchange(Http1Connection& connection)
      : connection_(&connection), loop_(connection.owner_.loop()) {}
  ~Exchange() override {
    if (late_) *late_ = nullptr;
    if (connection_ != nullptr) connection_->on_abandoned();
  }

  void set_receiver(Receiver& receiver) override {
    if (connection_ != nullptr) return connection_->set_receiver(receiver);
    if (!failure_) return;
    late_ = std::make_shared<Exchange*>(this);  // with the handler below
    asio::post(loop_, [late = late_, &receiver, failure = *failure_] {
      if (*late != nullptr) receiver.on_failed(failure);
    });
  }
  void send_response_head(ResponseHead head) override {
    if (connection_ != nullptr) connection_->send_head(head);
  }
  void send_data(base::ByteView bytes) override {
    if (connection_ != nullptr) connection_->send_data(bytes);
  }
  void send_end(Headers trailers) override {
    if (connection_ != nullptr) connection_->send_end(trailers);
  }
  [[nodiscard]] std::size_t unsent() const override {
    return connection_ != nullptr ? connection_->channel_->unsent() : 0;
  }
  void consumed(std::size_t bytes) override {
    if (connection_ != nullptr) connection_->consumed(bytes);
  }

  void ended() { connection_ = nullptr; }
  void failed(StreamError error) {
    connection_ = nullptr;
    failure_ = error;
  }

 private:
  Http1Connection* connection_;
  asio::io_context& loop_;
  std::optional<StreamError> failure_;  // before there was a receiver to tell
  std::shared_ptr<Exchange*> late_;
};

Http1Connection::Http1Connection(std::shared_ptr<ByteChannel> channel, Service& service,
                                 const HttpListenerOptions& options, Owner& owner)
    : channel_(std::move(channel)),
      service_(service),
      options_(options),
      owner_(owner),
      origin_{channel_->remote(), std::nullopt},
      parser_(Http1Parser::Kind::request, {.head_bytes_max = options.head_bytes_max,
                                           .headers_max = options.headers_max,
                                           .target_bytes_max = options.target_bytes_max}) {}

Http1Connection::~Http1Connection() {
  if (exchange_ != nullptr) exchange_->failed(StreamError::connection_lost);
  channel_->close(open_);
}

void Http1Connection::start() {
  channel_->start(*this);
}

// Whether the parser may go on. A body waits for its receiver and for room in the window.
bool Http1Connection::may_step() const {
  if (lingering_ || retired_) return false;
  if (!open_) return true;
  if (request_ended_) return false;
  return discarding_ || (receiver_ != nullptr && unconsumed_ < options_.window);
}

bool Http1Connection::looks_like_http2(base::ByteView bytes) const {
  if (requests_ > 0 || bytes.empty() || bytes[0] != std::byte{'P'}) return false;
  const std::size_t size = std::min(bytes.size(), http2_preface.size());
  return base::as_text(bytes.first(size)) == http2_preface.substr(0, size) && size > 1;
}

std::size_t Http1Connection::on_bytes(base::ByteView bytes) {
  if (looks_like_http2(bytes)) {
    if (bytes.size() < http2_preface.size()) return 0;
    retired_ = true;
    owner_.speaks_http2(*this, channel_->release(), bytes);
    return bytes.size();
  }
  std::size_t used = 0;
  in_input_ = true;
  while (may_step()) {
    const Http1Parser::Step step = parser_.step(bytes.subspan(used));
    used += step.used;
    if (step.event == Http1Parser::Event::need_more) break;
    switch (step.event) {
      case Http1Parser::Event::head:
        on_head();
        break;
      case Http1Parser::Event::data:
        on_body(step.data);
        break;
      case Http1Parser::Event::end:
        on_request_end();
        break;
      case Http1Parser::Event::failed:
        if (open_ && answer_started_) {
          fail(StreamError::protocol_error);
        } else {
          // A malformed body: the service hears of it, the client reads why.
          Receiver* const receiver = std::exchange(receiver_, nullptr);
          if (exchange_ != nullptr)
            std::exchange(exchange_, nullptr)->failed(StreamError::protocol_error);
          refuse(status_of(parser_.error()), to_string(parser_.error()), false);
          if (receiver != nullptr) receiver->on_failed(StreamError::protocol_error);
        }
        break;
      case Http1Parser::Event::need_more:
        break;
    }
  }
  in_input_ = false;
  return used;
}

void Http1Connection::on_head() {
  const Http1Terms& terms = parser_.terms();
  RequestHead& head = parser_.request();
  ++requests_;
  open_ = true;
  answers_head_ = head.method == "HEAD";
  version_1_0_ = terms.version_1_0;
  keep_alive_ = terms.keep_alive && !draining_;
  continue_due_ = terms.expects_continue && head.body_size != 0;
  if (head.method == "CONNECT") {
    return refuse(400, "CONNECT and other protocol upgrades are not served here", false);
  }
  if (terms.upgrade) {
    return refuse(400, "a protocol upgrade (Upgrade field) is not served here", keep_alive_);
  }
  if (terms.expects_other) {
    return refuse(417, "the only expectation that can be met is 100-continue",
                  keep_alive_ && parser_.request().body_size == 0);
  }
  auto exchange = std::make_unique<Exchange>(*this);
  exchange_ = exchange.get();
  service_.on_request(std::move(head), std::move(exchange), origin_);
}

// Answers in the service's place. A body is read past, so that the connection can go on.
void Http1Connection::refuse(int status, std::string_view detail, bool keep_alive) {
  open_ = true;
  answer_started_ = true;
  answer_ended_ = true;
  keep_alive_ = keep_alive && !continue_due_;
  append_problem(channel_->output(), status, detail, keep_alive_, !answers_head_);
  channel_->flush();
  discarding_ = true;
  if (!keep_alive_) request_ended_ = true;
  finish_if_complete();
}

void Http1Connection::on_body(base::ByteView bytes) {
  continue_due_ = false;
  if (discarding_) {
    discarded_ += bytes.size();
    if (discarded_ <= discarded_max) return;
    keep_alive_ = false;
    request_ended_ = true;
    return finish_if_complete();
  }
  unconsumed_ += bytes.size();
  if (unconsumed_ >= options_.window) channel_->set_reading(false);
  receiver_->on_data(bytes);
}

void Http1Connection::on_request_end() {
  request_ended_ = true;
  Receiver* const receiver = receiver_;
  const bool tell = !discarding_ && receiver != nullptr;
  Headers trailers = tell ? parser_.take_trailers() : Headers{};
  finish_if_complete();
  if (tell) receiver->on_end(std::move(trailers));
}

void Http1Connection::finish_if_complete() {
  if (!request_ended_ || !answer_ended_ || retired_ || lingering_) return;
  if (exchange_ != nullptr) exchange_->ended();
  exchange_ = nullptr;
  receiver_ = nullptr;
  open_ = request_ended_ = answer_started_ = answer_ended_ = discarding_ = false;
  continue_due_ = answers_head_ = false;
  unconsumed_ = discarded_ = 0;
  if (!keep_alive_ || draining_) {
    lingering_ = true;
    channel_->finish();
    return;
  }
  parser_.restart();
  channel_->set_reading(true);
  if (!in_input_ && channel_->has_kept()) channel_->show_again();
}

void Http1Connection::fail(StreamError error) {
  Exchange* const exchange = std::exchange(exchange_, nullptr);
  Receiver* const receiver = std::exchange(receiver_, nullptr);
  if (exchange != nullptr) exchange->failed(error);
  channel_->close(true);
  retire();
  if (receiver != nullptr) receiver->on_failed(error);
}

void Http1Connection::retire() {
  if (std::exchange(retired_, true)) return;
  channel_->close(false);
  owner_.retire(*this);
}

void Http1Connection::on_input_end(bool clean) {
  if (retired_) return;
  if (open_) return fail(clean ? StreamError::cancelled : StreamError::connection_lost);
  retire();
}

void Http1Connection::on_writable() {
  if (receiver_ != nullptr) receiver_->on_writable();
}

void Http1Connection::drain() {
  draining_ = true;
  keep_alive_ = false;
  if (open_ || lingering_ || retired_ || !parser_.between_messages()) return;
  lingering_ = true;
  channel_->finish();
}

// Lets what waits in the channel come in, unless it is coming in already.
void Http1Connection::resume() {
  if (!in_input_) channel_->show_again();
}

void Http1Connection::set_receiver(Receiver& receiver) {
  receiver_ = &receiver;
  if (continue_due_ && !answer_started_) {
    channel_->output().append("HTTP/1.1 100 Continue\r\n\r\n");
    channel_->flush_soon();
    continue_due_ = false;
  }
  resume();
}

void Http1Connection::send_head(const ResponseHead& head) {
  CHECK(!answer_started_);
  answer_started_ = true;
  if (continue_due_) keep_alive_ = false;  // nobody knows whether the body still comes
  const bool bodyless = head.status == 204 || head.status == 304;
  if (head.status == 204 || (!head.body_size && (bodyless || answers_head_))) {
    framing_ = BodyFraming::none;
  } else if (head.body_size) {
    framing_ = BodyFraming::length;
  } else {
    framing_ = version_1_0_ ? BodyFraming::until_close : BodyFraming::chunked;
  }
  if (framing_ == BodyFraming::until_close || draining_) keep_alive_ = false;
  append_response_head(channel_->output(), head, framing_, version_1_0_, keep_alive_);
  answer_left_ = head.body_size.value_or(0);
  if (bodyless || answers_head_) {
    framing_ = BodyFraming::none;
    answer_left_ = 0;
  }
  const bool body_follows = framing_ == BodyFraming::length && answer_left_ > 0;
  channel_->flush_soon(body_follows ? ByteChannel::Rest::likely : ByteChannel::Rest::unknown);
}

void Http1Connection::send_data(base::ByteView bytes) {
  CHECK(answer_started_);
  if (bytes.empty() || answer_ended_) return;
  switch (framing_) {
    case BodyFraming::none:
      return;
    case BodyFraming::until_close:
      channel_->write(bytes);
      break;
    case BodyFraming::length:
      bytes = bytes.first(
          static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), answer_left_)));
      answer_left_ -= bytes.size();
      channel_->write(bytes);
      if (answer_left_ == 0) return channel_->flush();
      break;
    case BodyFraming::chunked:
      append_chunk_size(channel_->output(), bytes.size());
      channel_->write(bytes);
      channel_->output().append("\r\n");
      break;
  }
  channel_->flush_soon();
}

void Http1Connection::send_end(const Headers& trailers) {
  CHECK(answer_started_);
  if (answer_ended_) return;
  answer_ended_ = true;
  if (framing_ == BodyFraming::length && answer_left_ > 0) {
    // Less than was announced: only a reset tells the client so.
    exchange_->ended();
    return on_abandoned();
  }
  if (framing_ == BodyFraming::chunked) append_last_chunk(channel_->output(), trailers);
  channel_->flush();
  finish_if_complete();
}

void Http1Connection::consumed(std::size_t bytes) {
  unconsumed_ -= std::min(bytes, unconsumed_);
  if (unconsumed_ < options_.window) channel_->set_reading(true);
}

// The service destroyed its stream. A complete answer stands; what is left of the request is read
// past.
void Http1Connection::on_abandoned() {
  exchange_ = nullptr;
  receiver_ = nullptr;
  const bool complete = answer_ended_ && (framing_ != BodyFraming::length || answer_left_ == 0);
  if (!complete) {
    channel_->close(true);
    return retire();
  }
  discarding_ = true;
  if (continue_due_) {
    request_ended_ = true;
    keep_alive_ = false;
    return finish_if_complete();
  }
  channel_->set_reading(true);
  resume();
}

Http1Connection::Waiting Http1Connection::waiting() const {
  if (lingering_) return channel_->unsent() > 0 ? Waiting::for_client_to_read : Waiting::for_close;
  if (!open_) return parser_.between_messages() ? Waiting::for_request : Waiting::for_head;
  if (channel_->unsent() > 0) return Waiting::for_client_to_read;
  const bool body = !request_ended_ && (discarding_ || receiver_ != nullptr);
  return body && unconsumed_ < options_.window ? Waiting::for_body : Waiting::for_service;
}

base::Duration Http1Connection::patience(Waiting waiting) const {
  switch (waiting) {
    case Waiting::for_request:
      return options_.keep_alive_timeout;
    case Waiting::for_head:
      return options_.head_timeout;
    case Waiting::for_body:
      return options_.body_timeout;
    case Waiting::for_client_to_read:
      return options_.write_timeout;
    case Waiting::for_service:
      break;  // the service has its own deadlines
    case Waiting::for_close:
      return options_.linger_timeout;
  }
  return base::Duration::max();
}

void Http1Connection::on_time(base::Instant now) {
  if (retired_) return;
  const Waiting present = waiting();
  const bool progress = channel_->take_progress();
  // Bytes that trickle in do not prolong a head, nor a farewell.
  const bool counts = present != Waiting::for_head && present != Waiting::for_close;
  if (present != waited_ || requests_ != waited_request_ || (progress && counts)) {
    waited_ = present;
    waited_request_ = requests_;
    waiting_since_ = now;
    return;
  }
  if (open_ && (!channel_->reading() || channel_->has_kept()) && channel_->other_side_left()) {
    return fail(StreamError::cancelled);
  }
  if (now - waiting_since_ > patience(present)) lose_patience(present);
}

void Http1Connection::lose_patience(Waiting waiting) {
  switch (waiting) {
    case Waiting::for_request:
    case Waiting::for_close:
      return retire();
    case Waiting::for_head:
      return refuse(408, "the request head took too long to arrive", false);
    case Waiting::for_body:
    case Waiting::for_client_to_read:
      return fail(StreamError::timed_out);
    case Waiting::for_service:
      return;
  }
}

}  // namespace transport
