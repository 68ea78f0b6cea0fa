// Tells which sockets became readable or writable (Linux: epoll). Asio has to tell the system anew
// for each wait, which with many connections is a system call for each request; here a socket is
// told once, by edges, and only the set as a whole is waited for through Asio.
//
// One for each io_context, by asio::use_service(). Everything happens on the loop's one thread.
#pragma once

#include <asio/execution_context.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace transport {

class Readiness final : public asio::execution_context::service {
 public:
  class Watcher {
   public:
    virtual ~Watcher() = default;
    // By edges: nothing more is said before a read, or a write, has found nothing to do.
    virtual void on_ready(std::uint32_t events) = 0;  // EPOLLIN, EPOLLOUT, EPOLLRDHUP, ...
  };

  static asio::execution_context::id id;
  explicit Readiness(asio::execution_context& loop);

  // Until forget(), which comes before the socket is closed; no callback follows it.
  [[nodiscard]] bool watch(int socket, Watcher& watcher);  // false: the system is out of memory
  void forget(int socket, Watcher& watcher);

 private:
  void shutdown() override;
  void wait();
  void tell();

  asio::posix::stream_descriptor set_;
  std::array<epoll_event, 64> events_;  // of this turn
  std::size_t telling_ = 0;             // those from here to telling_end_ are still to be told
  std::size_t telling_end_ = 0;
  std::size_t watched_ = 0;
  bool waiting_ = false;
};

}  // namespace transport
