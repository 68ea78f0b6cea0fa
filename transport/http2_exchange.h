// One HTTP/2 stream as Http2Session keeps it, and the translation between our heads and the fields
// that travel (RFC 9113, 8.3). Plain state: the session decides what happens to it.
//
// nghttp2 refers to it while the stream is open there, and the user's Stream while the user keeps
// that; whoever leaves last frees it.
#pragma once

#include "base/bytes.h"
#include "transport/stream.h"

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace transport {

class Http2Session;

// The fields of one head or of trailers, as they come in.
struct Http2Fields {
  std::string method;
  std::string path;
  std::string authority;
  int status = 0;
  Headers headers;
  std::optional<std::uint64_t> content_length;
  std::size_t size = 0;  // RFC 9113, 6.5.2
  bool expects_continue = false;

  void add(std::string_view name, std::string_view value);
  void add_pseudo(std::string_view name, std::string_view value);
  void add_cookie(std::string_view value);
  [[nodiscard]] RequestHead take_request(bool ended);
  [[nodiscard]] ResponseHead take_response(bool ended);
};

// Which names whose values never come twice the other side has in its table of fields: each is told
// once as a field to keep, and from then on costs a number instead of its letters.
using Http2NamesTold = std::uint32_t;

// Fields to send; they point into the head that they were made of.
class Http2FieldList {
 public:
  // Nothing is copied: `head` stays where it is until its frame was written.
  Http2FieldList(const RequestHead& head, std::string& digits, Http2NamesTold& told);
  Http2FieldList(const ResponseHead& head, std::string& digits, Http2NamesTold& told);
  // These are copied by nghttp2.
  explicit Http2FieldList(int informational_status);
  explicit Http2FieldList(const Headers& trailers);

  [[nodiscard]] const nghttp2_nv* data() const { return fields_.data(); }
  [[nodiscard]] std::size_t size() const { return fields_.size(); }

 private:
  void add(std::string_view name, std::string_view value);
  void add(const Headers& headers);

  std::vector<nghttp2_nv> fields_;
  std::string status_;
  std::uint8_t flags_ = 0;
  Http2NamesTold* told_ = nullptr;  // null: they are not counted
};

struct Http2Exchange {
  Http2Session* session = nullptr;  // null once the session is gone
  Http2Exchange* previous = nullptr;
  Http2Exchange* next = nullptr;
  Receiver* receiver = nullptr;
  std::int32_t id = -1;
  bool held = false;     // the user has a Stream of it
  bool open = false;     // nghttp2 knows it
  bool on_wire = false;  // its first frame left us
  bool due = false;      // stands in the session's list of those with something to tell

  // Our head, as long as nghttp2 may look at it, and the numbers in it as text.
  std::variant<std::monostate, RequestHead, ResponseHead> head_out;
  std::string digits_out;

  base::Bytes out;  // what the user sent, from out_head on
  std::size_t out_head = 0;
  Headers trailers_out;
  bool head_sent = false;
  bool end_sent = false;       // send_end() was called
  bool out_discarded = false;  // the other side wants no more of it
  bool out_ended = false;      // our END_STREAM left
  bool expects_continue = false;
  bool deferred = false;  // nghttp2 waits for data
  bool above_high_water = false;
  bool writable_due = false;

  Http2Fields fields;  // that are coming in
  bool head_received = false;
  bool remote_ended = false;
  bool end_told = false;
  bool rest_refused = false;  // the other side answered and wants no more
  base::Bytes early;          // came before there was a receiver
  Headers trailers_in;
  std::size_t unconsumed = 0;
  std::optional<StreamError> failure;  // to be told
  bool failure_told = false;

  [[nodiscard]] std::size_t unsent() const { return out.size() - out_head; }
  void renew();  // as new, but with the room that `out` has
  void append(base::ByteView bytes);
  void drop_front(std::size_t size);
  void discard_output();
};

}  // namespace transport
