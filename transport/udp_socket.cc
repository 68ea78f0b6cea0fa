#include "transport/udp_socket.h"

#include "transport/byte_channel.h"
#include "transport/link_handshake.h"
#include "transport/use_tuple.h"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/ip/udp.hpp>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <utility>
#include <vector>

namespace transport {
namespace {

asio::ip::udp::endpoint to_udp(const base::Endpoint& endpoint) {
  const auto at = to_asio(endpoint);
  return {at.address(), at.port()};
}

base::Endpoint from_sockaddr(const sockaddr_storage& address) {
  base::Endpoint out;
  if (address.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    std::array<std::uint8_t, 4> ip{};
    std::memcpy(ip.data(), &v4.sin_addr, ip.size());
    return base::Endpoint::v4(ip, ntohs(v4.sin_port));
  }
  sockaddr_in6 v6{};
  std::memcpy(&v6, &address, sizeof v6);
  std::memcpy(out.ip.data(), &v6.sin6_addr, out.ip.size());
  out.port = ntohs(v6.sin6_port);
  return out;
}

constexpr int batches_max = 4;  // for one wake-up
constexpr base::Duration queueing_after = std::chrono::milliseconds(20);

using Control = std::array<std::byte, CMSG_SPACE(sizeof(timespec))>;

// Since the system took the datagram in. Its clock is the wall clock: after a jump the answer is
// wrong once, within the bounds.
base::Duration waited(msghdr& header) {
  constexpr base::Duration longest = std::chrono::minutes(1);
  const cmsghdr* const control = CMSG_FIRSTHDR(&header);
  if (control == nullptr || control->cmsg_level != SOL_SOCKET ||
      control->cmsg_type != SCM_TIMESTAMPNS) {
    return {};
  }
  timespec arrived{};
  std::memcpy(&arrived, CMSG_DATA(control), sizeof arrived);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const base::Duration age =
      now - std::chrono::seconds(arrived.tv_sec) - std::chrono::nanoseconds(arrived.tv_nsec);
  return std::clamp(age, base::Duration(), longest);
}

}  // namespace

class UdpSocket::Shared final : public std::enable_shared_from_this<UdpSocket::Shared> {
 public:
  Shared(asio::io_context& loop, UdpSocketOptions options) : options_(options), socket_(loop) {}

  base::Result<base::Endpoint, std::error_code> bind(const base::Endpoint& endpoint,
                                                     OnDatagram on_datagram);
  void send(const base::Endpoint& to, base::ByteView bytes);
  void close();
  [[nodiscard]] base::Endpoint local_endpoint() const { return local_; }
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  static asio::awaitable<void> receive(std::shared_ptr<Shared> self);
  bool receive_batch();
  void prepare_batch();

  const UdpSocketOptions options_;
  asio::ip::udp::socket socket_;
  base::Endpoint local_;
  bool v6_ = false;
  OnDatagram on_datagram_;
  Counters counters_;
  // One batch: the messages point into the four others.
  std::vector<mmsghdr> messages_;
  std::vector<iovec> pieces_;
  std::vector<sockaddr_storage> senders_;
  std::vector<Control> controls_;
  std::vector<std::byte> buffers_;
};

base::Result<base::Endpoint, std::error_code> UdpSocket::Shared::bind(
    const base::Endpoint& endpoint, OnDatagram on_datagram) {
  const asio::ip::udp::endpoint address = to_udp(endpoint);
  std::error_code error;
  socket_.open(address.protocol(), error);
  if (!error) socket_.non_blocking(true, error);
  if (!error) {
    std::error_code ignored;  // less room is no failure
    socket_.set_option(
        asio::socket_base::receive_buffer_size(static_cast<int>(options_.receive_buffer_bytes)),
        ignored);
    const int on = 1;  // without time stamps nothing seems to have waited
    static_cast<void>(
        ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on));
    socket_.bind(address, error);
  }
  if (error) {
    close();
    return base::Unexpected{to_standard(error)};
  }
  const auto bound = socket_.local_endpoint(error);
  local_ = from_asio({bound.address(), bound.port()});
  v6_ = address.protocol() == asio::ip::udp::v6();
  on_datagram_ = std::move(on_datagram);
  prepare_batch();
  asio::co_spawn(socket_.get_executor(), receive(shared_from_this()), asio::detached);
  return local_;
}

void UdpSocket::Shared::prepare_batch() {
  const std::size_t count = std::max<std::size_t>(options_.batch_max, 1);
  messages_.resize(count);
  pieces_.resize(count);
  senders_.resize(count);
  controls_.resize(count);
  buffers_.resize(count * datagram_bytes_max);
  for (std::size_t i = 0; i < count; ++i) {
    pieces_[i] = {buffers_.data() + i * datagram_bytes_max, datagram_bytes_max};
    msghdr& header = messages_[i].msg_hdr;
    header.msg_iov = &pieces_[i];
    header.msg_iovlen = 1;
    header.msg_name = &senders_[i];
    header.msg_control = controls_[i].data();
  }
}

// Ends after close(), whose cancelled wait is its last.
asio::awaitable<void> UdpSocket::Shared::receive(std::shared_ptr<Shared> self) {
  while (self->socket_.is_open()) {
    const auto [error] =
        co_await self->socket_.async_wait(asio::ip::udp::socket::wait_read, use_tuple);
    if (error) co_return;
    // One batch a wake-up, so that others of the loop get their turn; a few while they queue up.
    int batches = 1;
    while (self->receive_batch() && batches < batches_max) ++batches;
  }
}

// True if more of them have been waiting.
bool UdpSocket::Shared::receive_batch() {
  for (mmsghdr& message : messages_) {
    message.msg_hdr.msg_namelen = sizeof(sockaddr_storage);
    message.msg_hdr.msg_controllen = sizeof(Control);
  }
  const int got = ::recvmmsg(socket_.native_handle(), messages_.data(),
                             static_cast<unsigned>(messages_.size()), MSG_DONTWAIT, nullptr);
  // An error is an old send's (ICMP) or a signal; the next wait goes on.
  for (int i = 0; i < got && socket_.is_open(); ++i) {
    const auto index = static_cast<std::size_t>(i);
    mmsghdr& message = messages_[index];
    if ((message.msg_hdr.msg_flags & MSG_TRUNC) != 0) {
      ++counters_.dropped_too_long;
      continue;
    }
    ++counters_.received;
    counters_.bytes_received += message.msg_len;
    const std::byte* start = buffers_.data() + index * datagram_bytes_max;
    on_datagram_(from_sockaddr(senders_[index]), base::ByteView(start, message.msg_len),
                 waited(message.msg_hdr));
  }
  const bool full = got == static_cast<int>(messages_.size());
  return full && socket_.is_open() && waited(messages_.back().msg_hdr) >= queueing_after;
}

void UdpSocket::Shared::send(const base::Endpoint& to, base::ByteView bytes) {
  if (!socket_.is_open()) return;
  ssize_t sent = -1;
  if (v6_) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(to.port);
    std::memcpy(&address.sin6_addr, to.ip.data(), to.ip.size());
    sent = ::sendto(socket_.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT,
                    reinterpret_cast<const sockaddr*>(&address), sizeof address);
  } else if (to.is_v4()) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(to.port);
    std::memcpy(&address.sin_addr, to.ip.data() + 12, 4);
    sent = ::sendto(socket_.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT,
                    reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  ++(sent >= 0 ? counters_.sent : counters_.dropped_on_send);
  if (sent > 0) counters_.bytes_sent += static_cast<std::uint64_t>(sent);
}

void UdpSocket::Shared::close() {
  std::error_code ignored;
  socket_.close(ignored);
}

UdpSocket::UdpSocket(asio::io_context& loop, UdpSocketOptions options)
    : shared_(std::make_shared<Shared>(loop, options)) {}

UdpSocket::~UdpSocket() {
  shared_->close();
}

base::Result<base::Endpoint, std::error_code> UdpSocket::bind(const base::Endpoint& endpoint,
                                                              OnDatagram on_datagram) {
  return shared_->bind(endpoint, std::move(on_datagram));
}

void UdpSocket::send(const base::Endpoint& to, base::ByteView bytes) {
  shared_->send(to, bytes);
}

base::Endpoint UdpSocket::local_endpoint() const {
  return shared_->local_endpoint();
}

const UdpSocket::Counters& UdpSocket::counters() const {
  return shared_->counters();
}

void UdpSocket::close() {
  shared_->close();
}

}  // namespace transport
