#include "cli/http_client.h"

#include "base/strings.h"
#include "cli/console.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

namespace cli {
namespace {

constexpr std::size_t body_max = 64U * 1024 * 1024;

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

std::string error_text(int error) {
  return base::to_lower(std::strerror(error));
}

// True when the socket is ready for `events`; an error otherwise.
base::Result<void, HttpError> wait_for(int fd, short events, base::Duration timeout) {
  pollfd entry{.fd = fd, .events = events, .revents = 0};
  const auto count = std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count();
  const int ready = ::poll(&entry, 1, static_cast<int>(count));
  if (ready == 1) return {};
  if (ready == 0) return base::Unexpected{"no answer in " + base::format_duration(timeout)};
  if (interrupted()) return base::Unexpected{std::string("interrupted")};
  return base::Unexpected{error_text(errno)};
}

base::Result<Socket, HttpError> connect_to(const addrinfo& address, base::Duration timeout) {
  Socket socket(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.fd() < 0) return base::Unexpected{error_text(errno)};
  const int on = 1;
  ::setsockopt(socket.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(socket.fd(), address.ai_addr, address.ai_addrlen) == 0) return socket;
  if (errno != EINPROGRESS) return base::Unexpected{error_text(errno)};
  if (auto ready = wait_for(socket.fd(), POLLOUT, timeout); !ready) {
    return base::Unexpected{ready.error()};
  }
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return base::Unexpected{error_text(error)};
  return socket;
}

base::Result<Socket, HttpError> dial(const std::string& address, base::Duration timeout) {
  const auto parts = split_address(address);
  if (!parts) return base::Unexpected{std::string("it is not of the form IP:PORT")};
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(parts->first.c_str(), parts->second.c_str(), &hints, &found);
      error != 0) {
    return base::Unexpected{base::to_lower(gai_strerror(error))};
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  HttpError last = "the name has no address";
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    auto socket = connect_to(*entry, timeout);
    if (socket) return socket;
    last = socket.error();
  }
  return base::Unexpected{last};
}

base::Result<void, HttpError> send_all(int fd, std::string_view bytes, base::Duration timeout) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      // An answer that comes before the whole request was taken (a refusal) is read, not waited
      // out.
      if (auto ready = wait_for(fd, POLLOUT | POLLIN, timeout); !ready) return ready;
      pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
      if (::poll(&entry, 1, 0) == 1 && (entry.revents & POLLIN) != 0) return {};
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return {};  // the answer may say why
    } else {
      return base::Unexpected{error_text(errno)};
    }
  }
  return {};
}

base::Result<void, HttpError> receive(int fd, ResponseParser& parser, base::Duration timeout) {
  std::array<char, 64 * 1024> buffer{};
  while (!parser.complete()) {
    if (auto ready = wait_for(fd, POLLIN, timeout); !ready) return ready;
    const ssize_t received = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (received < 0) {
      if (errno == EAGAIN) continue;
      return base::Unexpected{error_text(errno)};
    }
    if (received == 0) {
      if (parser.finish()) return {};
      return base::Unexpected{std::string("the connection ended in the middle of the answer")};
    }
    if (!parser.feed({buffer.data(), static_cast<std::size_t>(received)})) {
      return base::Unexpected{std::string("what answers there does not speak HTTP")};
    }
  }
  return {};
}

}  // namespace

std::optional<HttpError> probe_connect(const std::string& address, base::Duration timeout) {
  const auto socket = dial(address, timeout);
  if (socket) return std::nullopt;
  return socket.error();
}

std::optional<std::pair<std::string, std::string>> split_address(std::string_view address) {
  const auto colon = address.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  std::string_view host = address.substr(0, colon);
  const std::string_view port = address.substr(colon + 1);
  if (const auto number = base::parse_unsigned(port); !number || *number > 65'535) {
    return std::nullopt;
  }
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;
  }
  return std::pair{std::string(host), std::string(port)};
}

std::string encode_head(const HttpRequest& request, std::string_view address, bool keep_alive) {
  std::string head = request.method + " " + request.target + " HTTP/1.1\r\nHost: ";
  head.append(address).append("\r\n");
  for (const auto& [name, value] : request.headers) {
    head.append(name).append(": ").append(value).append("\r\n");
  }
  if (!request.body.empty() || (request.method != "GET" && request.method != "HEAD")) {
    head += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  if (!keep_alive) head += "Connection: close\r\n";
  return head + "\r\n";
}

base::Result<HttpHead, HttpError> http_stream(const std::string& address,
                                              const HttpRequest& request,
                                              ResponseParser::Sinks sinks,
                                              const HttpOptions& options) {
  auto socket = dial(address, options.connect_timeout);
  if (!socket) return base::Unexpected{socket.error()};
  const int fd = socket->fd();
  const std::string head = encode_head(request, address, false);
  if (auto sent = send_all(fd, head, options.idle_timeout); !sent) {
    return base::Unexpected{sent.error()};
  }
  if (auto sent = send_all(fd, request.body, options.idle_timeout); !sent) {
    return base::Unexpected{sent.error()};
  }
  ResponseParser parser(std::move(sinks));
  if (request.method == "HEAD") parser.expect_no_body();
  if (auto received = receive(fd, parser, options.idle_timeout); !received) {
    return base::Unexpected{received.error()};
  }
  return parser.head();
}

base::Result<HttpAnswer, HttpError> http_request(const std::string& address,
                                                 const HttpRequest& request,
                                                 const HttpOptions& options) {
  HttpAnswer answer;
  bool too_large = false;
  const auto keep = [&](std::string_view bytes) {
    too_large = too_large || answer.body.size() + bytes.size() > body_max;
    if (!too_large) answer.body += bytes;
  };
  auto head = http_stream(address, request, {.head = {}, .body = keep}, options);
  if (!head) return base::Unexpected{head.error()};
  if (too_large) return base::Unexpected{std::string("the answer is larger than 64 MiB")};
  answer.head = *head;
  return answer;
}

}  // namespace cli
