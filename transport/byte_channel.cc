#include "transport/byte_channel.h"

#include "base/check.h"
#include "transport/link_handshake.h"
#include "transport/stream.h"

#include <asio/post.hpp>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <utility>

namespace transport {
namespace {

constexpr std::size_t large_piece = 16 * 1024;  // worth a system call of its own instead of a copy
constexpr std::size_t flush_above = 64 * 1024;  // what one turn gathers at most
constexpr std::size_t capacity_kept = 64 * 1024;  // of an output buffer that is empty again

std::string_view text(base::ByteView bytes) {
  return base::as_text(bytes);
}

// In one system call.
ssize_t send_both(int socket, std::string_view first, base::ByteView second) {
  std::array<iovec, 2> parts{iovec{const_cast<char*>(first.data()), first.size()},
                             iovec{const_cast<std::byte*>(second.data()), second.size()}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  return ::sendmsg(socket, &message, MSG_NOSIGNAL);
}

}  // namespace

std::error_code to_standard(const std::error_code& error) {
  if (error.category() != asio::system_category()) return error;
  return {error.value(), std::system_category()};
}

ByteChannel::ByteChannel(asio::ip::tcp::socket socket, std::span<std::byte> scratch,
                         std::size_t kept_max)
    : socket_(std::move(socket)), scratch_(scratch), kept_max_(kept_max) {
  asio::error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  remote_ = from_asio(socket_.remote_endpoint(ignored));
}

void ByteChannel::start(User& user) {
  user_ = &user;
  wait_readable();
}

void ByteChannel::set_reading(bool on) {
  if (on == reading_) return;
  reading_ = on;
  if (!on || closed_) return;
  show_again();  // an end may be due without another byte
  wait_readable();
}

void ByteChannel::show_again() {
  if (show_due_ || closed_) return;
  show_due_ = true;
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    self->show_due_ = false;
    if (self->closed_ || !self->reading_) return;
    self->in_turn_ = true;
    self->show({});
    self->end_turn();
  });
}

void ByteChannel::wait_readable() {
  if (waiting_readable_ || !reading_ || input_ended_ || closed_) return;
  if (kept_.size() >= kept_max_) return;
  waiting_readable_ = true;
  socket_.async_wait(asio::ip::tcp::socket::wait_read,
                     [self = shared_from_this()](const asio::error_code&) {
                       self->waiting_readable_ = false;
                       if (!self->closed_) self->on_readable();
                     });
}

void ByteChannel::on_readable() {
  in_turn_ = true;
  // Rounds are bounded, so that one fast sender does not starve the others.
  for (int round = 0; round < 4; ++round) {
    if (!reading_ || input_ended_ || closed_ || kept_.size() >= kept_max_) break;
    const ssize_t got = ::recv(socket_.native_handle(), scratch_.data(), scratch_.size(), 0);
    if (got > 0) {
      progress_ = true;
      show(base::ByteView(scratch_).first(static_cast<std::size_t>(got)));
      if (static_cast<std::size_t>(got) < scratch_.size()) break;
      continue;
    }
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) break;
    input_ended_ = true;
    user_->on_input_end(got == 0);
  }
  end_turn();
}

// Shows what was kept and `bytes` behind it; keeps what is left of them.
void ByteChannel::show(base::ByteView bytes) {
  if (finishing_) return;
  if (kept_.empty()) {
    const std::size_t taken = show_to_user(bytes);
    if (!closed_) kept_.assign(text(bytes.subspan(taken)));
    return;
  }
  kept_.append(text(bytes));
  const std::size_t taken = show_to_user(base::as_bytes(kept_));
  if (taken == kept_.size() && kept_.capacity() > capacity_kept) {
    kept_ = {};
  } else {
    kept_.erase(0, taken);
  }
}

std::size_t ByteChannel::show_to_user(base::ByteView bytes) {
  const std::size_t taken = user_->on_bytes(bytes);
  return closed_ || finishing_ ? bytes.size() : taken;
}

void ByteChannel::end_turn() {
  in_turn_ = false;
  if (closed_) return;
  flush();
  wait_readable();
}

void ByteChannel::write(base::ByteView bytes) {
  if (closed_ || finishing_) return;
  if (bytes.size() < large_piece || waiting_writable_) {
    output_.append(text(bytes));
    if (!waiting_writable_ && unsent() > flush_above) static_cast<void>(send_some({}));
  } else {
    static_cast<void>(send_some(bytes));
  }
  if (unsent() > Stream::high_water) above_high_water_ = true;
}

// Sends output_ and then `extra`; what the kernel does not take of them stays in output_.
ByteChannel::Sent ByteChannel::send_some(base::ByteView extra) {
  const std::size_t before = unsent();
  const int socket = socket_.native_handle();
  ssize_t got = 0;
  do {
    got = extra.empty() ? ::send(socket, output_.data() + sent_, before, MSG_NOSIGNAL)
                        : send_both(socket, {output_.data() + sent_, before}, extra);
  } while (got < 0 && errno == EINTR);
  if (got < 0 && errno != EAGAIN) {
    broke();
    return Sent::broken;
  }
  const std::size_t sent = got > 0 ? static_cast<std::size_t>(got) : 0;
  if (sent > 0) progress_ = true;
  if (sent >= before) {
    output_.clear();
    sent_ = 0;
    output_.append(text(extra.subspan(sent - before)));
    if (output_.empty() && output_.capacity() > capacity_kept) output_.shrink_to_fit();
  } else {
    sent_ += sent;
    if (sent_ > output_.size() / 2) {
      output_.erase(0, sent_);
      sent_ = 0;
    }
    output_.append(text(extra));
  }
  if (unsent() == 0) return Sent::all;
  wait_writable();
  return Sent::some;
}

void ByteChannel::flush() {
  if (closed_ || in_turn_ || waiting_writable_) return;
  if (unsent() > 0 && send_some({}) != Sent::all) return;
  if (!finishing_) return;
  asio::error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

void ByteChannel::flush_soon() {
  if (closed_ || in_turn_ || flush_due_) return;
  flush_due_ = true;
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    self->flush_due_ = false;
    self->flush();
  });
}

void ByteChannel::wait_writable() {
  if (waiting_writable_ || closed_) return;
  waiting_writable_ = true;
  socket_.async_wait(asio::ip::tcp::socket::wait_write,
                     [self = shared_from_this()](const asio::error_code&) {
                       self->waiting_writable_ = false;
                       if (self->closed_) return;
                       self->flush();
                       if (self->closed_ || !self->above_high_water_) return;
                       if (self->unsent() >= Stream::low_water) return;
                       self->above_high_water_ = false;
                       self->in_turn_ = true;
                       self->user_->on_writable();
                       self->end_turn();
                     });
}

// A write failed: what was to leave cannot.
void ByteChannel::broke() {
  output_.clear();
  sent_ = 0;
  if (!std::exchange(input_ended_, true)) tell_end();
}

void ByteChannel::tell_end() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    if (!self->closed_) self->user_->on_input_end(false);
  });
}

void ByteChannel::acknowledge_now() {
  const int on = 1;
  // Where the system knows no such option, agents are as slow as without it.
  ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

void ByteChannel::finish() {
  if (closed_ || finishing_) return;
  finishing_ = true;
  reading_ = true;
  kept_.clear();
  if (input_ended_) return tell_end();
  flush();
  wait_readable();
}

void ByteChannel::close(bool reset) {
  if (closed_) return;
  closed_ = true;
  asio::error_code ignored;
  if (reset) socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
  output_ = {};
  sent_ = 0;
}

asio::ip::tcp::socket ByteChannel::release() {
  CHECK(!waiting_readable_);
  CHECK(!waiting_writable_);
  closed_ = true;
  return std::move(socket_);
}

bool ByteChannel::other_side_left() const {
  return closed_ || input_ended_ || poll_for(POLLRDHUP) != 0;
}

bool ByteChannel::broken() const {
  return closed_ || (poll_for(0) & (POLLERR | POLLHUP)) != 0;
}

short ByteChannel::poll_for(short events) const {
  pollfd one{};
  one.fd = const_cast<ByteChannel*>(this)->socket_.native_handle();
  one.events = events;
  return ::poll(&one, 1, 0) > 0 ? one.revents : short{0};
}

}  // namespace transport
