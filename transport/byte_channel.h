// One TCP connection as bytes that come and bytes that go. Bytes are read into a buffer that all
// channels of an owner share; what the user does not take is kept, up to a bound, and shown again
// with more behind it. What is written within one turn of the loop leaves in one system call, at
// the latest at its end. Plain handlers instead of a coroutine: most of the time there is nothing
// here to wait for but the next readable moment, and a request costs one recv and one send.
#pragma once

#include "base/bytes.h"
#include "base/endpoint.h"
#include "transport/readiness.h"

#include <asio/any_io_executor.hpp>
#include <asio/ip/tcp.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <utility>

namespace transport {

// Owned by whoever talks through it and by the handlers under way, which find it closed.
class ByteChannel final : public std::enable_shared_from_this<ByteChannel>,
                          private Readiness::Watcher {
 public:
  // Called from handlers of the loop only, never from inside a function of the channel.
  class User {
   public:
    virtual ~User() = default;
    // How many of these bytes are done with.
    virtual std::size_t on_bytes(base::ByteView bytes) = 0;
    // Nothing more will come: the other side closed (clean), or the connection broke.
    virtual void on_input_end(bool clean) = 0;
    // unsent() fell below Stream::low_water after it was above high_water.
    virtual void on_writable() = 0;
  };

  // `scratch` outlives the channel, or at least its close().
  ByteChannel(asio::ip::tcp::socket socket, std::span<std::byte> scratch, std::size_t kept_max);
  ~ByteChannel() override;
  ByteChannel(const ByteChannel&) = delete;
  ByteChannel& operator=(const ByteChannel&) = delete;

  void start(User& user);
  // Off: nothing is read, and on_bytes() is not called.
  void set_reading(bool on);
  // Calls on_bytes() soon with what was not taken, even if that is nothing.
  void show_again();

  // Append here, then flush() when the message is complete or flush_soon() when more may follow.
  [[nodiscard]] std::string& output() { return output_; }
  // As appending, but large pieces leave at once together with what is before them.
  void write(base::ByteView bytes);
  void flush();
  // At the end of this turn of the loop; or after one more, if that is likely to bring the rest.
  enum class Rest { unknown, likely };
  void flush_soon(Rest rest = Rest::unknown);
  [[nodiscard]] std::size_t unsent() const { return output_.size() - sent_; }

  // Acknowledges what came without delay (TCP_QUICKACK, Linux); lasts until the next input.
  void acknowledge_now();

  // After what is unsent: end of output. Input is thrown away until on_input_end(), because closing
  // over unread bytes would reset the connection and could take the last answer with it.
  void finish();
  // At once; a reset tells the other side that what it got is not complete. No callback follows.
  void close(bool reset);
  // From inside on_bytes() only: the socket goes to someone else, who takes the bytes as well.
  [[nodiscard]] asio::ip::tcp::socket release();
  [[nodiscard]] bool reading() const { return reading_; }
  [[nodiscard]] bool has_kept() const { return !kept_.empty(); }
  [[nodiscard]] bool closed() const { return closed_; }
  // The other side has closed or reset, also while nothing is read.
  [[nodiscard]] bool other_side_left() const;
  // The connection broke (reset), also while nothing is read; an end of input is none.
  [[nodiscard]] bool broken() const;
  [[nodiscard]] base::Endpoint remote() const { return remote_; }
  // Whether a byte came or left since the last call.
  [[nodiscard]] bool take_progress() { return std::exchange(progress_, false); }

 private:
  enum class Sent { all, some, broken };

  void on_ready(std::uint32_t events) override;
  [[nodiscard]] bool may_read() const;
  void read_soon();
  void on_readable();
  void on_room();
  void show(base::ByteView bytes);
  std::size_t show_to_user(base::ByteView bytes);
  Sent send_some(base::ByteView extra);
  void broke();
  void tell_end();
  short poll_for(short events) const;
  void end_turn();
  void post_flush();

  asio::any_io_executor executor_;
  Readiness& readiness_;
  int socket_ = -1;  // ours, not Asio's
  std::span<std::byte> scratch_;
  std::size_t kept_max_;
  base::Endpoint remote_;
  User* user_ = nullptr;
  std::string kept_;  // came, not taken yet
  std::string output_;
  std::size_t sent_ = 0;  // of output_
  bool reading_ = true;
  bool watched_ = false;
  bool readable_ = false;          // a read may find something
  bool left_ = false;              // the other side closed or broke: a read will find that
  bool read_due_ = false;          // a handler that reads is posted
  bool waiting_writable_ = false;  // a write found no room
  bool flush_due_ = false;         // a handler that flushes is posted
  bool flush_later_ = false;       // it will wait for one more turn
  bool show_due_ = false;          // a handler that shows kept_ again is posted
  bool in_turn_ = false;           // a callback of ours is running: its end flushes
  bool input_ended_ = false;
  bool above_high_water_ = false;
  bool finishing_ = false;
  bool closed_ = false;
  bool progress_ = false;
};

// Asio's own category for system errors does not compare with std::errc.
[[nodiscard]] std::error_code to_standard(const std::error_code& error);

}  // namespace transport
