// Body in chunks (RFC 9112, section 7.1), read strictly: every line ends in CRLF, a size has at
// most 16 digits, an extension is bounded and ignored. Owned here and not left to llhttp, whose 8.1
// lets bare line breaks stand in extensions and folds trailer lines, both of which have been used
// for smuggling.
#pragma once

#include "base/bytes.h"
#include "transport/stream.h"

#include <cstddef>
#include <cstdint>

namespace transport {

// Where the block of lines that `text` starts with ends: behind its first empty line.
class LineScanner {
 public:
  enum class Found : std::uint8_t { need_more, end, folded_or_nameless, bare_line_break, too_many };

  void restart() { *this = LineScanner(); }
  // `text` starts at the same byte each time and grows. Looks at each byte once.
  [[nodiscard]] Found scan(std::string_view text, std::size_t lines_max);
  [[nodiscard]] std::size_t end() const { return line_start_; }

 private:
  std::size_t line_start_ = 0;
  std::size_t scanned_ = 0;
  std::size_t lines_ = 0;
};

class ChunkDecoder {
 public:
  enum class Event : std::uint8_t { need_more, data, end, failed };
  struct Step {
    Event event = Event::need_more;
    std::size_t used = 0;  // bytes of the input that need not come again
    base::ByteView data;   // a view into the input
  };

  ChunkDecoder(std::size_t trailer_bytes_max, std::size_t trailers_max)
      : trailer_bytes_max_(trailer_bytes_max), trailers_max_(trailers_max) {}

  void restart();
  [[nodiscard]] Step step(base::ByteView input);
  [[nodiscard]] Headers take_trailers() { return std::move(trailers_); }

 private:
  enum class Place : std::uint8_t {
    size_first,
    size_more,
    extension,
    size_newline,
    data,
    data_return,
    data_newline,
    trailers
  };
  static constexpr std::size_t extension_bytes_max = 1024;

  bool on_line_byte(char c);
  Step read_trailers(base::ByteView input);

  std::size_t trailer_bytes_max_;
  std::size_t trailers_max_;
  Place place_ = Place::size_first;
  std::uint64_t left_ = 0;  // of the size being read, or of the data being passed on
  std::size_t digits_ = 0;
  std::size_t extension_bytes_ = 0;  // over the whole body: small chunks do not multiply the bound
  LineScanner scanner_;
  Headers trailers_;
};

// Hop-by-hop (RFC 9110, 7.6.1) or said elsewhere in a head; `name` in lower case.
[[nodiscard]] bool is_connection_header(std::string_view name);
[[nodiscard]] bool is_token(std::string_view text);
// No control character but the tab.
[[nodiscard]] bool is_field_value(std::string_view text);

}  // namespace transport
