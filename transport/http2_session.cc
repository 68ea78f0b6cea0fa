#include "transport/http2_session.h"

#include "base/check.h"
#include "transport/http2_callbacks.h"
#include "transport/http2_exchange.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace transport {
namespace {

constexpr std::size_t spare_max = 64;
constexpr std::size_t spare_room_max = 16 * 1024;  // of each one's buffer

StreamError error_of(std::uint32_t code) {
  switch (code) {
    case NGHTTP2_REFUSED_STREAM:
      return StreamError::refused;
    case NGHTTP2_NO_ERROR:
    case NGHTTP2_CANCEL:
    case NGHTTP2_INTERNAL_ERROR:
    case NGHTTP2_ENHANCE_YOUR_CALM:
      return StreamError::cancelled;
    default:
      return StreamError::protocol_error;
  }
}

}  // namespace

// What the user holds. It outlives the session if the user likes.
class Http2Session::Handle final : public Stream {
 public:
  explicit Handle(Http2Exchange& exchange) : exchange_(exchange) { exchange.held = true; }

  ~Handle() override {
    Http2Exchange& exchange = exchange_;
    exchange.held = false;
    exchange.receiver = nullptr;
    Http2Session* const session = exchange.session;
    if (session == nullptr) {
      delete &exchange;
      return;
    }
    session->abandon(exchange);
  }

  void set_receiver(Receiver& receiver) override {
    exchange_.receiver = &receiver;
    Http2Session* const session = exchange_.session;
    if (session == nullptr) return;
    if (exchange_.expects_continue && !exchange_.head_sent && exchange_.open) {
      const Http2FieldList fields(100);
      nghttp2_submit_headers(session->session_, NGHTTP2_FLAG_NONE, exchange_.id, nullptr,
                             fields.data(), fields.size(), nullptr);
    }
    session->tell_later(exchange_);
  }

  void send_response_head(ResponseHead head) override {
    CHECK(!exchange_.head_sent);
    exchange_.head_sent = true;
    if (exchange_.session == nullptr || !exchange_.open) return;
    exchange_.session->submit_response(exchange_, std::move(head));
  }

  void send_data(base::ByteView bytes) override {
    CHECK(!exchange_.end_sent);
    if (bytes.empty() || exchange_.out_discarded || !exchange_.open) return;
    exchange_.append(bytes);
    if (exchange_.unsent() > high_water) exchange_.above_high_water = true;
    resume();
  }

  void send_end(Headers trailers) override {
    CHECK(!exchange_.end_sent);
    exchange_.end_sent = true;
    exchange_.trailers_out = std::move(trailers);
    if (exchange_.open) resume();
  }

  [[nodiscard]] std::size_t unsent() const override { return exchange_.unsent(); }

  void consumed(std::size_t bytes) override {
    CHECK(bytes <= exchange_.unconsumed);
    if (exchange_.session != nullptr) exchange_.session->give_back(exchange_, bytes);
  }

 private:
  void resume() {
    Http2Session* const session = exchange_.session;
    if (session == nullptr || !exchange_.deferred) return;
    exchange_.deferred = false;
    nghttp2_session_resume_data(session->session_, exchange_.id);
    session->output_due();
  }

  Http2Exchange& exchange_;
};

Http2Session::Http2Session(Http2Side side, const Http2Options& options, Service* service,
                           RequestOrigin origin, std::function<void()> on_output)
    : options_(options),
      side_(side),
      service_(service),
      origin_(std::move(origin)),
      on_output_(std::move(on_output)) {
  CHECK(side == Http2Side::client || service != nullptr);
  session_ = Callbacks::make_session(side, options, this);
}

Http2Session::~Http2Session() {
  while (exchanges_ != nullptr) {
    Http2Exchange& exchange = *exchanges_;
    exchanges_ = exchange.next;
    exchange.session = nullptr;
    exchange.open = false;
    if (!exchange.held) delete &exchange;
  }
  nghttp2_session_del(session_);
}

bool Http2Session::on_bytes(base::Instant now, base::ByteView bytes) {
  if (closed_) return false;
  now_ = now;
  last_heard_ = now;
  ping_deadline_ = base::Instant::never();
  const ssize_t taken = nghttp2_session_mem_recv(
      session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  bool holds = taken == static_cast<ssize_t>(bytes.size());
  if (taken < 0) {
    const bool flooded = taken == NGHTTP2_ERR_FLOODED;
    nghttp2_session_terminate_session(session_,
                                      flooded ? NGHTTP2_ENHANCE_YOUR_CALM : NGHTTP2_PROTOCOL_ERROR);
  }
  if (!flooded_ && nghttp2_session_get_outbound_queue_size(session_) >
                       std::size_t{options_.streams_max} * 4 + options_.acks_queued_max) {
    flooded_ = true;
    nghttp2_session_terminate_session(session_, NGHTTP2_ENHANCE_YOUR_CALM);
  }
  if (flooded_) holds = false;
  if (!holds) going_away_ = true;
  run_due();
  if (nghttp2_session_want_write(session_) != 0) output_due();
  return holds;
}

bool Http2Session::on_time(base::Instant now) {
  if (now < next_deadline()) return true;
  if (ping_deadline_ != base::Instant::never()) return false;
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);
  ping_deadline_ = now + options_.ping_timeout;
  output_due();
  return true;
}

base::Instant Http2Session::next_deadline() const {
  if (ping_deadline_ != base::Instant::never()) return ping_deadline_;
  if (open_streams_ == 0 || options_.ping_after <= base::Duration::zero()) {
    return base::Instant::never();
  }
  return last_heard_ + options_.ping_after;
}

void Http2Session::take_output(base::Bytes& out, std::size_t size_max) {
  output_announced_ = false;
  if (closed_) {
    run_due();
    return;
  }
  out_ = &out;
  out_size_max_ = size_max;
  while (out.size() < size_max) {
    const std::uint8_t* bytes = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_, &bytes);
    if (size < 0) {
      flooded_ = true;  // out of memory, or a bug: finished() ends the connection
      break;
    }
    if (size == 0) break;
    const auto* first = reinterpret_cast<const std::byte*>(bytes);
    out.insert(out.end(), first, first + size);
  }
  out_ = nullptr;
  run_due();
}

void Http2Session::close(StreamError why) {
  if (closed_) return;
  closed_ = true;
  going_away_ = true;
  for (Http2Exchange* exchange = exchanges_; exchange != nullptr;) {
    Http2Exchange* const next = exchange->next;
    if (exchange->open) {
      end_exchange(*exchange, why);
    }
    exchange = next;
  }
  run_due();
}

std::unique_ptr<Stream> Http2Session::open(RequestHead head, Receiver& receiver) {
  CHECK(side_ == Http2Side::client);
  Http2Exchange& exchange = add_exchange();
  exchange.receiver = &receiver;
  exchange.head_sent = true;
  auto stream = std::make_unique<Handle>(exchange);
  if (accepts_streams()) {
    const auto& kept = exchange.head_out.emplace<RequestHead>(std::move(head));
    const Http2FieldList fields(kept, exchange.digits_out, names_told_);
    nghttp2_data_provider body{.source = {.ptr = &exchange}, .read_callback = Callbacks::read_body};
    const bool empty = kept.body_size == std::uint64_t{0};
    exchange.id = nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(),
                                         empty ? nullptr : &body, &exchange);
    exchange.out_discarded = empty;
  }
  if (exchange.id > 0) {
    exchange.open = true;
    if (open_streams_++ == 0) last_heard_ = std::max(last_heard_, now_);
    output_due();
  } else {
    exchange.failure = StreamError::refused;
    tell_later(exchange);
  }
  return stream;
}

void Http2Session::shut_down() {
  if (going_away_) return;
  going_away_ = true;
  const std::int32_t last = nghttp2_session_get_last_proc_stream_id(session_);
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, nullptr, 0);
  output_due();
}

bool Http2Session::accepts_streams() const {
  if (closed_ || going_away_) return false;
  return open_streams_ < options_.streams_max &&
         nghttp2_session_check_request_allowed(session_) != 0;
}

bool Http2Session::finished() const {
  if (closed_) return true;
  if (going_away_ && open_streams_ == 0 && nghttp2_session_want_write(session_) == 0) return true;
  return nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
}

Http2Exchange& Http2Session::add_exchange() {
  Http2Exchange* exchange = nullptr;  // release() puts it back
  if (spare_.empty()) {
    exchange = new Http2Exchange;
  } else {
    exchange = spare_.back().release();
    spare_.pop_back();
  }
  exchange->session = this;
  exchange->next = exchanges_;
  if (exchanges_ != nullptr) exchanges_->previous = exchange;
  exchanges_ = exchange;
  return *exchange;
}

Http2Exchange* Http2Session::find(std::int32_t id) {
  if (incoming_ == nullptr || incoming_->id != id || !incoming_->open) {
    incoming_ = static_cast<Http2Exchange*>(nghttp2_session_get_stream_user_data(session_, id));
  }
  return incoming_;
}

void Http2Session::release(Http2Exchange& exchange) {
  if (exchange.open || exchange.held) return;
  if (exchange.due)
    std::replace(due_.begin(), due_.end(), &exchange, static_cast<Http2Exchange*>(nullptr));
  if (exchange.previous != nullptr) exchange.previous->next = exchange.next;
  if (exchange.next != nullptr) exchange.next->previous = exchange.previous;
  if (exchanges_ == &exchange) exchanges_ = exchange.next;
  if (telling_ == &exchange) telling_ = nullptr;
  if (incoming_ == &exchange) incoming_ = nullptr;
  std::unique_ptr<Http2Exchange> spare(&exchange);
  if (spare_.size() >= spare_max || spare->out.capacity() > spare_room_max) return;
  spare->renew();
  spare_.push_back(std::move(spare));
}

void Http2Session::rest() {
  spare_.clear();
}

// The user let go of its Stream.
void Http2Session::abandon(Http2Exchange& exchange) {
  give_back(exchange, exchange.unconsumed);
  exchange.early = {};
  const bool answered = side_ == Http2Side::server && exchange.end_sent;
  if (exchange.open && answered) {
    if (!exchange.remote_ended && exchange.unsent() == 0 && exchange.out_ended)
      refuse_rest(exchange);
  } else if (exchange.open && !(exchange.remote_ended && exchange.end_sent)) {
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, exchange.id, NGHTTP2_CANCEL);
    output_due();
  }
  release(exchange);
}

// We answered in full and want nothing more of the request (RFC 9113, 8.1).
void Http2Session::refuse_rest(Http2Exchange& exchange) {
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, exchange.id, NGHTTP2_NO_ERROR);
  output_due();
}

void Http2Session::give_back(Http2Exchange& exchange, std::size_t bytes) {
  exchange.unconsumed -= bytes;
  if (bytes == 0 || closed_) return;
  nghttp2_session_consume(session_, exchange.id, bytes);
  if (nghttp2_session_want_write(session_) != 0) output_due();
}

void Http2Session::submit_response(Http2Exchange& exchange, ResponseHead head) {
  const auto& kept = exchange.head_out.emplace<ResponseHead>(std::move(head));
  const Http2FieldList fields(kept, exchange.digits_out, names_told_);
  nghttp2_data_provider body{.source = {.ptr = &exchange}, .read_callback = Callbacks::read_body};
  const bool empty = kept.body_size == std::uint64_t{0};
  exchange.out_discarded = empty;
  const int error = nghttp2_submit_response(session_, exchange.id, fields.data(), fields.size(),
                                            empty ? nullptr : &body);
  if (error != 0) {
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, exchange.id, NGHTTP2_INTERNAL_ERROR);
  }
  output_due();
}

void Http2Session::on_head(Http2Exchange& exchange, bool ended) {
  if (exchange.head_received) {  // trailers
    exchange.trailers_in = std::move(exchange.fields.headers);
    exchange.fields = {};
  } else if (side_ == Http2Side::server) {
    on_request(exchange, ended);
  } else if (exchange.fields.status < 200) {
    exchange.fields = {};  // informational: the final one follows
    return;
  } else {
    exchange.head_received = true;
    ResponseHead head = exchange.fields.take_response(ended);
    if (exchange.receiver != nullptr) exchange.receiver->on_response_head(std::move(head));
  }
  if (ended) deliver_end(exchange);
}

void Http2Session::on_request(Http2Exchange& exchange, bool ended) {
  exchange.head_received = true;
  exchange.expects_continue = exchange.fields.expects_continue && !ended;
  RequestHead head = exchange.fields.take_request(ended);
  if (head.target.empty()) {  // CONNECT: nobody here tunnels
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, exchange.id, NGHTTP2_REFUSED_STREAM);
    return;
  }
  service_->on_request(std::move(head), std::make_unique<Handle>(exchange), origin_);
}

void Http2Session::deliver(Http2Exchange& exchange, base::ByteView bytes) {
  exchange.unconsumed += bytes.size();
  if (!exchange.held) {
    give_back(exchange, bytes.size());
  } else if (exchange.receiver != nullptr && exchange.early.empty()) {
    exchange.receiver->on_data(bytes);
  } else {
    exchange.early.insert(exchange.early.end(), bytes.begin(), bytes.end());
  }
}

void Http2Session::deliver_end(Http2Exchange& exchange) {
  exchange.remote_ended = true;
  if (exchange.receiver == nullptr) return;  // set_receiver() tells it
  if (!exchange.early.empty()) return tell_later(exchange);
  exchange.end_told = true;
  exchange.receiver->on_end(std::move(exchange.trailers_in));
}

void Http2Session::on_sent(Http2Exchange& exchange, bool ended) {
  exchange.on_wire = true;
  if (!ended) return;
  exchange.out_ended = true;
  if (side_ == Http2Side::server && !exchange.held && !exchange.remote_ended) refuse_rest(exchange);
}

void Http2Session::on_stream_closed(Http2Exchange& exchange, std::uint32_t error_code) {
  // After a whole answer NO_ERROR only says that the rest of our request is not wanted.
  if (error_code == NGHTTP2_NO_ERROR && exchange.remote_ended) exchange.rest_refused = true;
  end_exchange(exchange, error_of(error_code));
}

void Http2Session::end_exchange(Http2Exchange& exchange, StreamError error) {
  exchange.open = false;
  --open_streams_;
  exchange.discard_output();
  const bool complete = exchange.remote_ended && (exchange.end_sent || exchange.rest_refused);
  if (!complete) {
    const bool unseen = side_ == Http2Side::client && !exchange.on_wire;
    exchange.failure = unseen ? StreamError::refused : error;
  }
  if (exchange.held && (exchange.failure || exchange.writable_due)) tell_later(exchange);
  release(exchange);
}

void Http2Session::on_reset() {
  if (now_ - resets_since_ > options_.resets_window) {
    resets_since_ = now_;
    resets_ = 0;
  }
  if (++resets_ <= options_.resets_max || flooded_) return;
  flooded_ = true;
  nghttp2_session_terminate_session(session_, NGHTTP2_ENHANCE_YOUR_CALM);
}

void Http2Session::tell_later(Http2Exchange& exchange) {
  if (!exchange.due) {
    exchange.due = true;
    due_.push_back(&exchange);
  }
  output_due();
}

void Http2Session::run_due() {
  for (std::size_t i = 0; i < due_.size(); ++i) {
    if (due_[i] == nullptr) continue;
    Http2Exchange& exchange = *std::exchange(due_[i], nullptr);
    exchange.due = false;
    tell(exchange);
  }
  due_.clear();
}

// Each call may be the last: the user may let go of the Stream inside, which frees the exchange,
// and release() clears telling_.
void Http2Session::tell(Http2Exchange& exchange) {
  telling_ = &exchange;
  const auto is_there = [&] { return telling_ != nullptr && exchange.receiver != nullptr; };
  if (is_there() && !exchange.early.empty()) {
    const base::Bytes bytes = std::exchange(exchange.early, {});
    exchange.receiver->on_data(bytes);
  }
  if (is_there() && exchange.remote_ended && !exchange.end_told) {
    exchange.end_told = true;
    exchange.receiver->on_end(std::move(exchange.trailers_in));
  }
  if (is_there() && exchange.writable_due) {
    exchange.writable_due = false;
    exchange.above_high_water = false;
    exchange.receiver->on_writable();
  }
  if (is_there() && exchange.failure && !exchange.failure_told) {
    exchange.failure_told = true;
    exchange.receiver->on_failed(*exchange.failure);
  }
  telling_ = nullptr;
}

void Http2Session::output_due() {
  if (output_announced_) return;
  output_announced_ = true;
  on_output_();
}

}  // namespace transport
