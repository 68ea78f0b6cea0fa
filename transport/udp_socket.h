// One UDP socket for gossip: receives in batches, many datagrams for one wake-up of the loop, into
// buffers that are used again; sends without waiting and counts what the kernel had no room for,
// since a datagram may get lost anyway. Each datagram comes with how long it waited in the socket:
// a process that gets no processor sees that first.
#pragma once

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/result.h"
#include "base/time.h"

#include <asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <system_error>

namespace transport {

struct UdpSocketOptions {
  std::size_t batch_max = 64;                          // datagrams for one wake-up
  std::size_t receive_buffer_bytes = 4 * 1024 * 1024;  // asked for; the kernel may give less
};

class UdpSocket {
 public:
  static constexpr std::size_t datagram_bytes_max = 2048;  // longer ones are dropped and counted

  struct Counters {
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
    std::uint64_t bytes_received = 0;  // of datagrams, without the headers of IP and UDP
    std::uint64_t bytes_sent = 0;
    std::uint64_t dropped_on_send = 0;  // no room in the kernel's buffer, or no route
    std::uint64_t dropped_too_long = 0;
  };
  // The bytes are valid during the call only.
  using OnDatagram =
      std::function<void(const base::Endpoint& from, base::ByteView bytes, base::Duration waited)>;

  UdpSocket(asio::io_context& loop, UdpSocketOptions options);
  ~UdpSocket();
  UdpSocket(const UdpSocket&) = delete;
  UdpSocket& operator=(const UdpSocket&) = delete;

  // Binds (port 0 picks a free one), receives from now on, and says where.
  base::Result<base::Endpoint, std::error_code> bind(const base::Endpoint& endpoint,
                                                     OnDatagram on_datagram);
  void send(const base::Endpoint& to, base::ByteView bytes);
  [[nodiscard]] base::Endpoint local_endpoint() const;
  [[nodiscard]] const Counters& counters() const;
  void close();

 private:
  class Shared;
  std::shared_ptr<Shared> shared_;  // with the receiving coroutine, which ends after close()
};

}  // namespace transport
