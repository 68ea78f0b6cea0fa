// Requests towards agents, by URL: `http://host:port/base` speaks HTTP/1.1 over a bounded pool of
// kept connections for each origin, `h2c://host:port/base` HTTP/2 with prior knowledge (gRPC
// agents). All addresses of a name are tried; it is looked up again a little later, or when none of
// them took the connection. A kept connection that turns out to be closed before the first byte of
// an answer is replaced once, if the request can be sent again as it was; otherwise the exchange
// fails with connection_lost.
//
// Only connecting has a limit of its own here. An answer may take as long as its stream lives, and
// whoever opened it ends that: the kernel has a deadline for every exchange and cancels the attempt
// then, the prober for every probe. A second clock here would cut the streams whose deadline ended
// with their head (docs/decisions/0020-deadlines-and-streams.md).
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "transport/stream.h"

#include <asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace transport {

struct AgentUrl {
  enum class Scheme : std::uint8_t { http, h2c };

  Scheme scheme = Scheme::http;
  std::string host;  // without brackets
  std::uint16_t port = 80;
  std::string base;  // "" or "/path" without a slash at its end

  bool operator==(const AgentUrl&) const = default;
  // Nothing unless it is an absolute URL of one of the two schemes without user, query or fragment.
  [[nodiscard]] static std::optional<AgentUrl> parse(std::string_view text);
  [[nodiscard]] std::string authority() const;  // host:port as the Host header says it
};

struct AgentClientOptions {
  std::size_t connections_max = 1024;  // for each origin; beyond: StreamError::refused
  std::size_t idle_max = 64;           // kept connections for each origin
  base::Duration idle_timeout = std::chrono::seconds(30);
  std::size_t head_bytes_max = 64 * 1024;
  std::size_t headers_max = 256;
  std::size_t window = 256 * 1024;  // unconsumed bytes of an answer; more are not read
};

struct OpenOptions {
  base::Duration connect_timeout = std::chrono::seconds(2);
};

class AgentClient {
 public:
  AgentClient(asio::io_context& loop, AgentClientOptions options);
  // Every stream must be gone by then.
  ~AgentClient();
  AgentClient(const AgentClient&) = delete;
  AgentClient& operator=(const AgentClient&) = delete;

  // Returns at once; what happens is told to `receiver`. The head's target is appended to the URL's
  // base; an empty authority becomes the URL's. Destroying the stream in the middle closes its
  // connection, so that the agent notices.
  [[nodiscard]] std::unique_ptr<Stream> open(const AgentUrl& url, RequestHead head,
                                             Receiver& receiver, OpenOptions options);
  [[nodiscard]] std::size_t connections() const;  // that stand now

 private:
  class Shared;
  std::shared_ptr<Shared> shared_;  // with the handlers under way, which find it closed
};

}  // namespace transport
