// The TCP port that agents talk to: HTTP/1.1 and, on the same port, HTTP/2 with prior knowledge
// (h2c), told apart by the connection's first bytes. Every request goes to one Service.
// Connections, header sizes and waiting times are bounded by options.
#pragma once

#include "base/endpoint.h"
#include "base/result.h"
#include "base/time.h"
#include "transport/service.h"

#include <asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <system_error>

namespace transport {

struct HttpListenerOptions {
  std::size_t head_bytes_max = 64 * 1024;    // request line and header fields; more: 431
  std::size_t headers_max = 128;             // fields; more: 431
  std::size_t target_bytes_max = 16 * 1024;  // more: 414
  std::size_t window = 256 * 1024;           // unconsumed bytes of a body; more are not read
  std::size_t connections_max = 4096;        // more are closed as soon as they are accepted
  base::Duration head_timeout =
      std::chrono::seconds(10);  // from a request's first byte to its last header
  base::Duration keep_alive_timeout = std::chrono::seconds(75);  // without a request
  base::Duration body_timeout = std::chrono::seconds(60);  // without a byte of the body we wait for
  base::Duration write_timeout = std::chrono::seconds(60);  // without a byte that the client takes
  // From the last byte of a connection's last answer until the client closes too.
  base::Duration linger_timeout = std::chrono::seconds(2);
};

class HttpListener {
 public:
  struct Counters {
    std::uint64_t accepted = 0;
    std::uint64_t refused = 0;  // over connections_max
  };
  // All references outlive the listener.
  HttpListener(asio::io_context& loop, Service& service, HttpListenerOptions options);
  // Closes every connection; no callback follows.
  ~HttpListener();
  HttpListener(const HttpListener&) = delete;
  HttpListener& operator=(const HttpListener&) = delete;

  // Binds and accepts from now on. The result is the local endpoint (port 0 picks a free one).
  base::Result<base::Endpoint, std::error_code> listen(const base::Endpoint& endpoint);
  [[nodiscard]] base::Endpoint local_endpoint() const;
  // Accepts nothing more; idle connections close now, the others after the answer they are at.
  void drain();
  [[nodiscard]] std::size_t connections() const;
  [[nodiscard]] const Counters& counters() const;

 private:
  class Shared;
  std::shared_ptr<Shared> shared_;  // with the handlers under way, which find it closed
};

}  // namespace transport
