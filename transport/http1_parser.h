// HTTP/1.1 from bytes to events, without a socket (RFC 9112). A head is read in place by llhttp
// once it is complete; what llhttp would let through is refused here: no or two Host, folded lines,
// bare line breaks, Transfer-Encoding in 1.0 or beside Content-Length or other than `chunked`,
// versions but 1.0 and 1.1. The caller takes one event after the other, so it may stop anywhere.
#pragma once

#include "base/bytes.h"
#include "transport/http1_chunks.h"
#include "transport/stream.h"

#include <llhttp.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace transport {

struct Http1Limits {
  std::size_t head_bytes_max = 64 * 1024;
  std::size_t headers_max = 128;
  std::size_t target_bytes_max = 16 * 1024;
};

enum class Http1Error : std::uint8_t {
  none,
  malformed,
  folded_or_nameless_line,
  bare_line_break,
  head_too_large,
  too_many_headers,
  target_too_long,
  bad_target,
  bad_version,
  missing_host,
  repeated_host,
  bad_host,
  bad_length,
  length_and_encoding,
  encoding_not_chunked,
  encoding_in_1_0,
  bad_chunk,
};
// A sentence for the one who sent it.
[[nodiscard]] std::string_view to_string(Http1Error error);

// What a head says about the connection and not about the message.
struct Http1Terms {
  bool keep_alive = false;
  bool version_1_0 = false;
  bool expects_continue = false;
  bool expects_other = false;  // an expectation that nobody can meet
  bool upgrade = false;        // to another protocol than h2c
};

class Http1Parser {
 public:
  enum class Kind : std::uint8_t { request, response };
  enum class Event : std::uint8_t { need_more, head, data, end, failed };
  struct Step {
    Event event = Event::need_more;
    std::size_t used = 0;  // bytes of the input that must not come again
    base::ByteView data;   // a view into the input
  };

  Http1Parser(Kind kind, const Http1Limits& limits);
  Http1Parser(const Http1Parser&) = delete;
  Http1Parser& operator=(const Http1Parser&) = delete;

  // The next event of `input`, which starts where the last step's `used` bytes ended.
  [[nodiscard]] Step step(base::ByteView input);
  // Before the next message. A response without a body, whatever its head says, answers HEAD.
  void restart(bool answers_head = false);
  // The sender closed: true if that ends the message as it should.
  [[nodiscard]] bool ends_with_connection() const { return body_ == Body::until_close; }
  // Between two messages, nothing of the next one seen.
  [[nodiscard]] bool between_messages() const { return body_ == Body::in_head && !in_head_; }

  // After Event::head, until restart().
  [[nodiscard]] RequestHead& request() { return request_; }
  [[nodiscard]] ResponseHead& response() { return response_; }
  [[nodiscard]] const Http1Terms& terms() const { return terms_; }
  [[nodiscard]] Headers take_trailers() { return chunks_.take_trailers(); }  // after Event::end
  [[nodiscard]] Http1Error error() const { return error_; }                  // after Event::failed

 private:
  enum class Body : std::uint8_t { in_head, length, chunked, until_close, ended };

  Step fail(Http1Error error);
  Step read_head(base::ByteView input);
  Step read_body(base::ByteView input);
  Http1Error interpret();
  Http1Error read_field(const HeaderField& field);
  void keep_end_to_end_fields(Headers& out);
  void read_connection_options(std::string_view value);
  Http1Error settle_target();
  Http1Error settle_body();
  static int on_head_end(llhttp_t* parser);
  static int on_target(llhttp_t* parser, const char* at, std::size_t size);
  static int on_field_name(llhttp_t* parser, const char* at, std::size_t size);
  static int on_field_value(llhttp_t* parser, const char* at, std::size_t size);
  static const llhttp_settings_t& settings();

  Kind kind_;
  Http1Limits limits_;
  llhttp_t llhttp_{};
  LineScanner scanner_;
  ChunkDecoder chunks_;
  Body body_ = Body::in_head;
  bool in_head_ = false;     // a byte of this head was seen
  bool head_ended_ = false;  // says llhttp
  bool answers_head_ = false;
  std::uint64_t left_ = 0;  // bytes of a body of known length
  Http1Error error_ = Http1Error::none;
  Http1Terms terms_;
  RequestHead request_;
  ResponseHead response_;
  Headers fields_;
  // Gathered from fields_ while it is filtered.
  std::size_t hosts_ = 0;
  std::size_t encodings_ = 0;
  std::optional<std::uint64_t> length_;
  std::string upgrade_to_;
  std::vector<std::string> named_by_connection_;  // more names of hop-by-hop fields
};

}  // namespace transport
