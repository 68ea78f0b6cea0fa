#include "transport/byte_channel.h"

#include "base/check.h"
#include "transport/link_handshake.h"
#include "transport/stream.h"

#include <asio/post.hpp>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

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
    : executor_(socket.get_executor()),
      readiness_(asio::use_service<Readiness>(asio::query(executor_, asio::execution::context))),
      scratch_(scratch),
      kept_max_(kept_max) {
  asio::error_code ignored;
  socket.non_blocking(true, ignored);
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  remote_ = from_asio(socket.remote_endpoint(ignored));
  socket_ = socket.release();
}

ByteChannel::~ByteChannel() {
  close(false);
}

void ByteChannel::start(User& user) {
  user_ = &user;
  watched_ = readiness_.watch(socket_, *this);
  if (!watched_) broke();
}

void ByteChannel::set_reading(bool on) {
  if (on == reading_) return;
  reading_ = on;
  if (!on || closed_) return;
  show_again();  // an end may be due without another byte
  read_soon();
}

void ByteChannel::show_again() {
  if (show_due_ || closed_) return;
  show_due_ = true;
  asio::post(executor_, [self = shared_from_this()] {
    self->show_due_ = false;
    if (self->closed_ || !self->reading_) return;
    self->in_turn_ = true;
    self->show({});
    self->end_turn();
  });
}

void ByteChannel::on_ready(std::uint32_t events) {
  const auto keep = shared_from_this();
  constexpr std::uint32_t end = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
  left_ = left_ || (events & end) != 0;
  readable_ = readable_ || (events & (EPOLLIN | end)) != 0;
  if (waiting_writable_ && (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) on_room();
  if (readable_ && may_read()) on_readable();
}

bool ByteChannel::may_read() const {
  return reading_ && !input_ended_ && !closed_ && kept_.size() < kept_max_;
}

// Where reading stopped for another reason than that there was nothing.
void ByteChannel::read_soon() {
  if (!readable_ || read_due_ || !may_read()) return;
  read_due_ = true;
  asio::post(executor_, [self = shared_from_this()] {
    self->read_due_ = false;
    if (self->readable_ && self->may_read()) self->on_readable();
  });
}

void ByteChannel::on_readable() {
  in_turn_ = true;
  // Rounds are bounded, so that one fast sender does not starve the others.
  for (int round = 0; round < 4 && may_read(); ++round) {
    const ssize_t got = ::recv(socket_, scratch_.data(), scratch_.size(), 0);
    if (got > 0) {
      // Less than there was room for is all there was, and what comes later is told; but not an
      // end that was told already.
      readable_ = left_ || static_cast<std::size_t>(got) == scratch_.size();
      progress_ = true;
      show(base::ByteView(scratch_).first(static_cast<std::size_t>(got)));
      if (!readable_) break;
      continue;
    }
    if (got < 0 && errno == EINTR) continue;
    readable_ = false;
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
  read_soon();
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
  ssize_t got = 0;
  do {
    got = extra.empty() ? ::send(socket_, output_.data() + sent_, before, MSG_NOSIGNAL)
                        : send_both(socket_, {output_.data() + sent_, before}, extra);
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
  waiting_writable_ = true;
  return Sent::some;
}

void ByteChannel::flush() {
  if (closed_ || in_turn_ || waiting_writable_) return;
  if (unsent() > 0 && send_some({}) != Sent::all) return;
  if (!finishing_) return;
  ::shutdown(socket_, SHUT_WR);
}

void ByteChannel::flush_soon(Rest rest) {
  if (closed_ || in_turn_) return;
  flush_later_ = rest == Rest::likely;
  if (flush_due_) return;
  flush_due_ = true;
  post_flush();
}

void ByteChannel::post_flush() {
  asio::post(executor_, [self = shared_from_this()] {
    if (std::exchange(self->flush_later_, false)) return self->post_flush();
    self->flush_due_ = false;
    self->flush();
  });
}

void ByteChannel::on_room() {
  waiting_writable_ = false;
  flush();
  if (closed_ || !above_high_water_ || unsent() >= Stream::low_water) return;
  above_high_water_ = false;
  in_turn_ = true;
  user_->on_writable();
  end_turn();
}

// A write failed: what was to leave cannot.
void ByteChannel::broke() {
  output_.clear();
  sent_ = 0;
  if (!std::exchange(input_ended_, true)) tell_end();
}

void ByteChannel::tell_end() {
  asio::post(executor_, [self = shared_from_this()] {
    if (!self->closed_) self->user_->on_input_end(false);
  });
}

void ByteChannel::acknowledge_now() {
  const int on = 1;
  // Where the system knows no such option, agents are as slow as without it.
  ::setsockopt(socket_, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

void ByteChannel::finish() {
  if (closed_ || finishing_) return;
  finishing_ = true;
  reading_ = true;
  kept_.clear();
  if (input_ended_) return tell_end();
  flush();
  read_soon();
}

void ByteChannel::close(bool reset) {
  if (closed_) return;
  closed_ = true;
  if (watched_) readiness_.forget(socket_, *this);
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  if (reset) ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(std::exchange(socket_, -1));
  output_ = {};
  sent_ = 0;
}

asio::ip::tcp::socket ByteChannel::release() {
  CHECK(!waiting_writable_);
  CHECK(!closed_);
  closed_ = true;
  if (watched_) readiness_.forget(socket_, *this);
  return {executor_, to_asio(remote_).protocol(), std::exchange(socket_, -1)};
}

bool ByteChannel::other_side_left() const {
  return closed_ || input_ended_ || poll_for(POLLRDHUP) != 0;
}

bool ByteChannel::broken() const {
  return closed_ || (poll_for(0) & (POLLERR | POLLHUP)) != 0;
}

short ByteChannel::poll_for(short events) const {
  pollfd one{};
  one.fd = socket_;
  one.events = events;
  return ::poll(&one, 1, 0) > 0 ? one.revents : short{0};
}

}  // namespace transport
