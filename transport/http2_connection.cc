#include "transport/http2_connection.h"

#include "transport/steady_clock.h"

#include <asio/buffer.hpp>
#include <asio/post.hpp>
#include <asio/write.hpp>

#include <chrono>
#include <system_error>
#include <utility>

namespace transport {
namespace {

constexpr std::size_t read_size_min = 2 * 1024;
constexpr std::size_t read_size_max = 64 * 1024;
constexpr int small_reads_before_shrinking = 32;
constexpr int full_reads_max = 4;                // in one turn of the loop
constexpr std::size_t output_size = 256 * 1024;  // of one turn of the loop
constexpr std::size_t scratch_kept = 320 * 1024;

}  // namespace

std::shared_ptr<Http2Connection> Http2Connection::start(Start parts, Http2Scratch& scratch) {
  base::Bytes already_read = std::move(parts.already_read);
  auto connection = std::make_shared<Http2Connection>(std::move(parts), scratch);
  std::error_code ignored;
  connection->socket_.non_blocking(true, ignored);
  connection->socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  connection->schedule_flush();
  if (already_read.empty()) {
    connection->read();
    return connection;
  }
  // From the loop, as the Service may ask for the connection that its owner does not have yet.
  asio::post(connection->socket_.get_executor(), [connection, bytes = std::move(already_read)] {
    if (connection->ended_) return;
    if (!connection->on_plain(bytes)) return connection->fail(StreamError::protocol_error);
    connection->read();
  });
  return connection;
}

Http2Connection::Http2Connection(Start parts, Http2Scratch& scratch)
    : socket_(std::move(parts.socket)),
      tls_(std::move(parts.tls)),
      session_(parts.side, parts.options, parts.service, std::move(parts.origin),
               [this] { schedule_flush(); }),
      scratch_(scratch),
      on_ended_(std::move(parts.on_ended)),
      read_buffer_(read_size_min),
      last_used_(steady_now()) {}

Http2Connection::~Http2Connection() = default;

std::unique_ptr<Stream> Http2Connection::open(RequestHead head, Receiver& receiver) {
  last_used_ = steady_now();
  return session_.open(std::move(head), receiver);
}

void Http2Connection::shut_down() {
  session_.shut_down();
}

void Http2Connection::close(StreamError why) {
  on_ended_ = nullptr;
  close_reason_ = why;
  schedule_flush();
}

void Http2Connection::cut() {
  on_ended_ = nullptr;
  cut_ = true;
  ended_ = true;
  std::error_code ignored;
  socket_.close(ignored);
}

void Http2Connection::on_time(base::Instant now) {
  if (!session_.on_time(now)) fail(StreamError::connection_lost);
}

void Http2Connection::rest() {
  session_.rest();
  if (tls_) tls_->rest();
}

base::Instant Http2Connection::next_deadline() const {
  return session_.next_deadline();
}
bool Http2Connection::accepts_streams() const {
  return !ended_ && !broken_ && !close_reason_ && session_.accepts_streams();
}
std::size_t Http2Connection::open_streams() const {
  return session_.open_streams();
}

void Http2Connection::read() {
  socket_.async_read_some(asio::buffer(read_buffer_),
                          [self = shared_from_this()](std::error_code error, std::size_t size) {
                            if (self->ended_) return;
                            if (error) return self->end(StreamError::connection_lost);
                            self->on_read(size);
                          });
}

void Http2Connection::on_read(std::size_t size) {
  // What these bytes cause to be said leaves as soon as all of them are heard.
  const bool scheduled_before = std::exchange(flush_scheduled_, true);
  bool goes_on = true;
  for (int round = 0; size > 0 && goes_on && !ended_; ++round) {
    counters_.bytes_in += size;
    goes_on = hear(size);
    const bool filled = size == read_buffer_.size();
    fit_read_buffer(size);
    // Bounded, so that one fast sender does not starve the others.
    size = filled && round < full_reads_max && !ended_ ? read_more() : 0;
  }
  flush_scheduled_ = scheduled_before;
  if (ended_) return;
  if (!goes_on) return fail(StreamError::protocol_error);
  if (!scheduled_before) flush();
  if (!ended_) read();
}

// Head and body of an answer may lie on both sides of where a read ended, and should leave
// together.
std::size_t Http2Connection::read_more() {
  std::error_code later;  // nothing there yet, or an end that the next wait finds
  const std::size_t size = socket_.read_some(asio::buffer(read_buffer_), later);
  return later ? 0 : size;
}

bool Http2Connection::hear(std::size_t size) {
  const base::ByteView bytes = base::ByteView(read_buffer_).first(size);
  if (!tls_) return on_plain(bytes);
  // What TLS itself has to say (a key update, an alert) leaves with the next flush.
  const auto state =
      tls_->open(bytes, unwritten_, [this](base::ByteView plain) { return on_plain(plain); });
  if (state == TlsSession::State::ended) end(StreamError::connection_lost);
  return state == TlsSession::State::going_on;
}

// An idle link waits with a small buffer; one that moves bodies reads much at once.
void Http2Connection::fit_read_buffer(std::size_t size) {
  if (size == read_buffer_.size()) {
    small_reads_ = 0;
    if (size < read_size_max)
      read_buffer_ = base::Bytes(size * 4 < read_size_max ? size * 4 : read_size_max);
    return;
  }
  if (read_buffer_.size() == read_size_min) return;
  small_reads_ = size < read_buffer_.size() / 4 ? small_reads_ + 1 : 0;
  if (small_reads_ < small_reads_before_shrinking) return;
  small_reads_ = 0;
  read_buffer_ = base::Bytes(read_size_min);
}

bool Http2Connection::on_plain(base::ByteView bytes) {
  last_used_ = steady_now();
  return session_.on_bytes(last_used_, bytes);
}

// Behind whatever else this turn of the loop has to do, so that all of it leaves together.
void Http2Connection::schedule_flush() {
  if (flush_scheduled_) return;
  flush_scheduled_ = true;
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    self->flush_scheduled_ = false;
    self->flush();
  });
}

void Http2Connection::flush() {
  if (cut_) return;
  if (close_reason_ && !ended_) end(*close_reason_);
  if (writing_ || ended_) {
    base::Bytes nothing;
    session_.take_output(nothing, 0);  // only tells what is due
    return;
  }
  scratch_.plain.clear();
  scratch_.sealed.clear();
  session_.take_output(scratch_.plain, output_size);
  if (ended_) return;
  base::Bytes* ready = &scratch_.plain;
  if (tls_) {
    scratch_.sealed.swap(unwritten_);
    if (tls_->seal(scratch_.plain, scratch_.sealed) != TlsSession::State::going_on) {
      return end(StreamError::connection_lost);
    }
    ready = &scratch_.sealed;
  }
  const bool more = scratch_.plain.size() >= output_size;
  if (!ready->empty()) write(*ready);
  if (scratch_.plain.capacity() > scratch_kept) scratch_.plain = {};
  if (scratch_.sealed.capacity() > scratch_kept) scratch_.sealed = {};
  if (ended_ || writing_) return;
  if (more) return schedule_flush();
  if (broken_) return end(broken_why_);
  if (session_.finished()) end(StreamError::connection_lost);
}

void Http2Connection::write(const base::Bytes& bytes) {
  std::error_code error;
  const std::size_t written = socket_.write_some(asio::buffer(bytes), error);
  if (error && error != asio::error::would_block && error != asio::error::try_again) {
    return end(StreamError::connection_lost);
  }
  counters_.bytes_out += written;
  if (written == bytes.size()) return;
  unwritten_.assign(bytes.begin() + static_cast<std::ptrdiff_t>(written), bytes.end());
  write_rest();
}

void Http2Connection::write_rest() {
  writing_ = true;
  auto rest = std::make_unique<base::Bytes>(std::exchange(unwritten_, {}));
  const auto buffer = asio::buffer(*rest);
  asio::async_write(socket_, buffer,
                    [self = shared_from_this(), rest = std::move(rest)](std::error_code error,
                                                                        std::size_t written) {
                      self->counters_.bytes_out += written;
                      self->writing_ = false;
                      if (self->ended_) return;
                      if (error) return self->end(StreamError::connection_lost);
                      self->flush();
                    });
}

// What is left to say (GOAWAY, an alert) is written first, if the socket takes it. Never at once:
// the owner may be walking through its connections.
void Http2Connection::fail(StreamError why) {
  broken_ = true;
  broken_why_ = why;
  if (writing_) close_reason_ = why;
  schedule_flush();
}

void Http2Connection::end(StreamError why) {
  if (ended_) return;
  ended_ = true;
  ended_in_order_ = !broken_ && session_.drained();
  if (tls_ && !writing_) {
    base::Bytes goodbye;
    tls_->say_goodbye(goodbye);
    std::error_code ignored;
    if (!goodbye.empty()) socket_.write_some(asio::buffer(goodbye), ignored);
  }
  std::error_code ignored;
  socket_.close(ignored);
  const auto keep = shared_from_this();
  session_.close(why);
  if (on_ended_) std::exchange(on_ended_, nullptr)(why);
}

}  // namespace transport
