// One side of an HTTP/2 connection (RFC 9113, by nghttp2) without the connection: bytes that came
// in go to on_bytes(), bytes that should leave are taken with take_output(), and time is an
// argument. Its streams are transport::Streams. The same code serves h2c towards agents and the TLS
// links between nodes, and a fuzzer can drive it.
//
// What holds
//  - Nothing grows without bound: an option limits streams, windows, header bytes and queued
//  frames.
//  - Receivers and the Service are called from on_bytes(), take_output() and close() only.
//  - A peer that floods (resets, pings, settings, continuations) gets GOAWAY with ENHANCE_YOUR_CALM
//    (CVE-2023-44487, CVE-2019-9512, CVE-2019-9515, CVE-2024-28182).
//  - A request of which not one byte left fails as refused, so that it may be sent again elsewhere.
#pragma once

#include "base/bytes.h"
#include "base/time.h"
#include "transport/service.h"
#include "transport/stream.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

struct nghttp2_session;

namespace transport {

struct Http2Exchange;

enum class Http2Side : std::uint8_t { client, server };

struct Http2Options {
  std::uint32_t streams_max = 256;  // open at once, in either direction; one more is refused
  std::uint32_t stream_window = 256 * 1024;  // bytes that came in and are not consumed yet
  std::uint32_t connection_window = 16 * 1024 * 1024;  // the same over all streams
  std::size_t header_bytes_max = 64 * 1024;            // RFC 9113, 6.5.2: 32 more for each field
  std::uint32_t resets_max = 1000;                     // by the other side, in one resets_window
  base::Duration resets_window = std::chrono::seconds(1);
  std::size_t acks_queued_max =
      256;  // answers to PING and SETTINGS that the other side does not read
  // After that much silence with streams in flight the other side is asked for a sign of life, and
  // has ping_timeout to give it. Zero: never asked.
  base::Duration ping_after{};
  base::Duration ping_timeout = std::chrono::seconds(5);
};

class Http2Session {
 public:
  // `service` may be null on the client's side. on_output() is called when output becomes due, at
  // most once between two take_output(); it must only schedule. It is due from the start.
  Http2Session(Http2Side side, const Http2Options& options, Service* service, RequestOrigin origin,
               std::function<void()> on_output);
  Http2Session(const Http2Session&) = delete;
  Http2Session& operator=(const Http2Session&) = delete;
  ~Http2Session();  // streams that are still open fall silent

  // False: the other side broke HTTP/2 or flooded. Write what take_output() gives, then close.
  [[nodiscard]] bool on_bytes(base::Instant now, base::ByteView bytes);
  // False: the other side gave no sign of life.
  [[nodiscard]] bool on_time(base::Instant now);
  [[nodiscard]] base::Instant next_deadline() const;
  // Appends frames until `out` holds about `size_max` bytes or nothing is due. With 0 it only tells
  // receivers what is due.
  void take_output(base::Bytes& out, std::size_t size_max);
  // The connection ended: every open stream fails.
  void close(StreamError why);

  // On the client's side. The stream fails as refused when streams_max are open already, or when
  // the session takes no more.
  [[nodiscard]] std::unique_ptr<Stream> open(RequestHead head, Receiver& receiver);
  // GOAWAY: nothing new, what is in flight goes on; finished() once it is done.
  void shut_down();

  void rest();  // frees what is kept for the next streams

  [[nodiscard]] bool accepts_streams() const;  // open() would not be refused
  [[nodiscard]] bool finished() const;         // nothing more to read or to write
  [[nodiscard]] bool drained() const { return going_away_ && !flooded_ && open_streams_ == 0; }
  [[nodiscard]] std::size_t open_streams() const { return open_streams_; }

 private:
  class Handle;      // the user's Stream
  struct Callbacks;  // nghttp2's

  Http2Exchange& add_exchange();
  [[nodiscard]] Http2Exchange* find(std::int32_t id);  // null: gone, or never was
  void release(Http2Exchange& exchange);               // to spare_ if nobody refers to it
  void abandon(Http2Exchange& exchange);
  void refuse_rest(Http2Exchange& exchange);
  void give_back(Http2Exchange& exchange, std::size_t bytes);
  void submit_response(Http2Exchange& exchange, ResponseHead head);
  void on_head(Http2Exchange& exchange, bool ended);
  void on_request(Http2Exchange& exchange, bool ended);
  void deliver(Http2Exchange& exchange, base::ByteView bytes);
  void deliver_end(Http2Exchange& exchange);
  void on_sent(Http2Exchange& exchange, bool ended);
  void on_stream_closed(Http2Exchange& exchange, std::uint32_t error_code);
  void end_exchange(Http2Exchange& exchange, StreamError error);
  void on_reset();
  void tell_later(Http2Exchange& exchange);
  void run_due();
  void tell(Http2Exchange& exchange);
  void output_due();

  const Http2Options options_;
  const Http2Side side_;
  Service* service_;
  const RequestOrigin origin_;
  std::function<void()> on_output_;
  nghttp2_session* session_ = nullptr;
  Http2Exchange* exchanges_ = nullptr;                 // a list of all, linked by themselves
  std::vector<std::unique_ptr<Http2Exchange>> spare_;  // for the next streams, with their buffers
  std::vector<Http2Exchange*> due_;    // have something to tell; null: went away meanwhile
  std::uint32_t names_told_ = 0;       // Http2NamesTold
  Http2Exchange* incoming_ = nullptr;  // whose frame came last, so that it is not looked up
  Http2Exchange* telling_ = nullptr;   // what tell() is at, until it is freed
  base::Bytes* out_ = nullptr;         // where frames go while take_output() runs
  std::size_t out_size_max_ = 0;
  std::size_t open_streams_ = 0;
  bool output_announced_ = true;  // on_output() was called, take_output() not yet
  bool going_away_ = false;       // GOAWAY left or came: no new streams
  bool flooded_ = false;
  bool closed_ = false;
  base::Instant now_;  // of the input that is being handled
  base::Instant last_heard_;
  base::Instant resets_since_;
  std::uint32_t resets_ = 0;                              // since resets_since_
  base::Instant ping_deadline_ = base::Instant::never();  // for a sign of life
};

}  // namespace transport
