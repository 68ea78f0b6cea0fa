// One HTTP exchange, whatever carries it: HTTP/1.1 or h2c towards agents, HTTP/2 over a TLS link
// between nodes. A Stream is our half (we send through it, and let the other side send by saying
// what we consumed); a Receiver is told what arrives. Everything happens on the loop's one thread.
//
// Contract
//  - The user owns the Stream. Destroying it aborts what is unfinished (HTTP/2: RST_STREAM with
//    CANCEL; HTTP/1.1: the connection is closed) and no callback follows.
//  - A Receiver outlives its Stream, may destroy the Stream inside any callback, and is never
//  called
//    from inside one of the Stream's own functions.
//  - on_failed() and the second of (we sent the end, on_end()) are final.
//  - Where we answer, a Stream may be destroyed as soon as send_end() was called: what is unsent
//  still
//    goes out (and if the request's body did not end yet, the rest of it is refused).
//  - Nothing is buffered without bound: send_data() takes everything, but above high_water() bytes
//    in unsent() the user stops and waits for on_writable(); what arrives stops when unconsumed
//    bytes reach the stream's window.
#pragma once

#include "base/bytes.h"
#include "base/headers.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace transport {

using HeaderField = base::Header;
using base::find_header;
using base::Headers;

// Hop-by-hop fields (RFC 9110, 7.6.1), Host, Content-Length and Transfer-Encoding never stand in
// `headers` of a head: what they say is in the other members.
struct RequestHead {
  std::string method;
  std::string target;     // origin form: path and query
  std::string authority;  // Host or :authority, may be empty
  Headers headers;
  std::optional<std::uint64_t> body_size;  // nothing: unknown until the end. 0: no body
};

struct ResponseHead {
  int status = 0;  // final status, 200..599; informational ones are answered below
  Headers headers;
  std::optional<std::uint64_t> body_size;  // nothing: unknown until the end
};

enum class StreamError : std::uint8_t {
  connect_failed,  // no connection could be made: nothing of the request was seen
  refused,  // the other side says that it did not process the request (REFUSED_STREAM, GOAWAY)
  connection_lost,  // the connection ended in the middle
  cancelled,        // the other side aborted this exchange
  timed_out,        // connecting or idle for longer than allowed
  protocol_error,   // the other side broke HTTP
  wrong_identity,   // the peer is not the node that was asked for
};
[[nodiscard]] std::string_view to_string(StreamError error);

class Receiver {
 public:
  virtual ~Receiver() = default;

  // Only where we sent the request, once, before any data.
  virtual void on_response_head(ResponseHead head) = 0;
  // Say consumed(n) on the Stream when these bytes found a place, or nothing more will come.
  virtual void on_data(base::ByteView bytes) = 0;
  virtual void on_end(Headers trailers) = 0;
  virtual void on_failed(StreamError error) = 0;
  // unsent() fell below low_water() after it was above high_water().
  virtual void on_writable() = 0;
};

class Stream {
 public:
  static constexpr std::size_t high_water = 256 * 1024;
  static constexpr std::size_t low_water = 64 * 1024;

  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() = default;

  // Only where we answer: nothing of the body arrives before this, and `100 Continue` is sent, if
  // asked for, when it is called before the answer began. Where we ask, open() takes the receiver.
  // A failure that happened earlier is reported soon after, never from inside.
  virtual void set_receiver(Receiver& receiver) = 0;
  // Only where we answer, once, before any data.
  virtual void send_response_head(ResponseHead head) = 0;
  virtual void send_data(base::ByteView bytes) = 0;
  virtual void send_end(Headers trailers) = 0;
  [[nodiscard]] virtual std::size_t unsent() const = 0;
  virtual void consumed(std::size_t bytes) = 0;
};

}  // namespace transport
