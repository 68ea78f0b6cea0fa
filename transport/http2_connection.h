// An Http2Session on a connected socket, plain (h2c) or inside TLS. All that one turn of the loop
// produces leaves in one write; an idle connection holds no buffer but a small one to read into.
//
// It lives until the connection ended and its owner let go of it. close() ends it at once, and from
// then on the owner hears nothing more.
#pragma once

#include "base/bytes.h"
#include "base/time.h"
#include "transport/http2_session.h"
#include "transport/stream.h"
#include "transport/tls_session.h"

#include <asio/ip/tcp.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace transport {

// Room to put output together, shared by all connections of a loop; its owner outlives them.
struct Http2Scratch {
  base::Bytes plain;
  base::Bytes sealed;
};

struct Http2ConnectionCounters {
  std::uint64_t bytes_in = 0;  // on the wire
  std::uint64_t bytes_out = 0;
};

// Owners: who started it, and its own asynchronous operations.
class Http2Connection : public std::enable_shared_from_this<Http2Connection> {
 public:
  struct Start {
    asio::ip::tcp::socket socket;  // connected
    Http2Side side = Http2Side::server;
    Http2Options options;
    Service* service = nullptr;  // may be null on the client's side
    RequestOrigin origin;
    std::unique_ptr<TlsSession> tls;  // null: plain; else its handshake is complete
    base::Bytes already_read;         // the first (plain) bytes, if someone read them before
    // Once, when the connection ended by itself, never from inside a call of the owner.
    std::function<void(StreamError)> on_ended;
  };
  [[nodiscard]] static std::shared_ptr<Http2Connection> start(Start parts, Http2Scratch& scratch);

  Http2Connection(Start parts, Http2Scratch& scratch);  // for start()
  ~Http2Connection();
  Http2Connection(const Http2Connection&) = delete;
  Http2Connection& operator=(const Http2Connection&) = delete;

  [[nodiscard]] std::unique_ptr<Stream> open(RequestHead head, Receiver& receiver);
  void shut_down();  // GOAWAY, then the end once all streams are done
  // Now, and nobody hears anything more: neither the owner nor the users of streams.
  void cut();
  void close(StreamError why);      // now; open streams fail, from the loop
  void on_time(base::Instant now);  // the owner's timer; see next_deadline()

  [[nodiscard]] base::Instant next_deadline() const;
  // GOAWAY was said by either side and all streams were done: nothing was lost.
  [[nodiscard]] bool ended_in_order() const { return ended_in_order_; }
  [[nodiscard]] bool accepts_streams() const;
  [[nodiscard]] std::size_t open_streams() const;
  void rest();  // nothing came or left for a moment: holds no buffers until then
  [[nodiscard]] base::Instant last_used() const { return last_used_; }  // a byte came or left
  [[nodiscard]] Http2ConnectionCounters counters() const { return counters_; }

 private:
  void read();
  void on_read(std::size_t size);
  [[nodiscard]] std::size_t read_more();
  [[nodiscard]] bool hear(std::size_t size);
  void fit_read_buffer(std::size_t size);
  bool on_plain(base::ByteView bytes);
  void schedule_flush();
  void flush();
  void write(const base::Bytes& bytes);
  void write_rest();
  void fail(StreamError why);
  void end(StreamError why);

  asio::ip::tcp::socket socket_;
  std::unique_ptr<TlsSession> tls_;
  Http2Session session_;
  Http2Scratch& scratch_;
  std::function<void(StreamError)> on_ended_;
  base::Bytes read_buffer_;  // grows while reads fill it, shrinks when they are small again
  int small_reads_ = 0;      // in a row
  base::Bytes unwritten_;    // sealed, and still to be written before anything else
  base::Instant last_used_;
  Http2ConnectionCounters counters_;
  std::optional<StreamError> close_reason_;  // end with the next turn, whatever is unwritten
  StreamError broken_why_ = StreamError::protocol_error;
  bool writing_ = false;  // write_rest() is under way
  bool flush_scheduled_ = false;
  bool broken_ = false;  // the session ended by error: write what is left, then end
  bool ended_ = false;
  bool ended_in_order_ = false;
  bool cut_ = false;
};

}  // namespace transport
