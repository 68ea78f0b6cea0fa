#include "transport/readiness.h"

#include "base/check.h"

namespace transport {

asio::execution_context::id Readiness::id;

Readiness::Readiness(asio::execution_context& loop)
    : asio::execution_context::service(loop), set_(static_cast<asio::io_context&>(loop)) {
  const int set = ::epoll_create1(EPOLL_CLOEXEC);
  CHECK(set >= 0);
  set_.assign(set);
}

void Readiness::shutdown() {
  asio::error_code ignored;
  set_.close(ignored);
}

bool Readiness::watch(int socket, Watcher& watcher) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &watcher;
  if (::epoll_ctl(set_.native_handle(), EPOLL_CTL_ADD, socket, &event) != 0) return false;
  ++watched_;
  wait();
  return true;
}

void Readiness::forget(int socket, Watcher& watcher) {
  for (std::size_t i = telling_; i < telling_end_; ++i) {
    if (events_[i].data.ptr == &watcher) events_[i].data.ptr = nullptr;
  }
  epoll_event unused{};
  ::epoll_ctl(set_.native_handle(), EPOLL_CTL_DEL, socket, &unused);
  CHECK(watched_ > 0);
  asio::error_code ignored;
  if (--watched_ == 0) set_.cancel(ignored);  // a loop without sockets may come to its end
}

void Readiness::wait() {
  if (waiting_ || watched_ == 0) return;
  waiting_ = true;
  set_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const asio::error_code&) {
    waiting_ = false;
    if (watched_ == 0) return;
    tell();
    wait();
  });
}

void Readiness::tell() {
  const int count =
      ::epoll_wait(set_.native_handle(), events_.data(), static_cast<int>(events_.size()), 0);
  telling_end_ = count > 0 ? static_cast<std::size_t>(count) : 0;
  for (telling_ = 0; telling_ < telling_end_;) {
    const epoll_event event = events_[telling_++];
    if (event.data.ptr != nullptr) static_cast<Watcher*>(event.data.ptr)->on_ready(event.events);
  }
  telling_ = telling_end_ = 0;
}

}  // namespace transport
