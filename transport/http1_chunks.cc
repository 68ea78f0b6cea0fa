#include "transport/http1_chunks.h"

#include "base/strings.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace transport {
namespace {

constexpr std::array<bool, 256> token_characters = [] {
  std::array<bool, 256> table{};
  for (unsigned c = '0'; c <= '9'; ++c) table[c] = true;
  for (unsigned c = 'a'; c <= 'z'; ++c) table[c] = true;
  for (unsigned c = 'A'; c <= 'Z'; ++c) table[c] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
    table[static_cast<unsigned char>(c)] = true;
  return table;
}();

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool read_field(std::string_view line, Headers& fields) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = base::trim(line.substr(colon + 1));
  if (!is_token(name)) return false;
  if (!is_field_value(value)) return false;
  std::string lower = base::to_lower(name);
  if (is_connection_header(lower)) return true;  // says nothing at the end of a message
  fields.push_back({std::move(lower), std::string(value)});
  return true;
}

}  // namespace

bool is_connection_header(std::string_view name) {
  switch (name.size()) {
    case 2:
      return name == "te";
    case 4:
      return name == "host";
    case 7:
      return name == "upgrade";
    case 10:
      return name == "connection" || name == "keep-alive";
    case 14:
      return name == "content-length" || name == "http2-settings";
    case 16:
      return name == "proxy-connection";
    case 17:
      return name == "transfer-encoding";
    default:
      return false;
  }
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return token_characters[static_cast<unsigned char>(c)];
  });
}

bool is_field_value(std::string_view text) {
  // Eight at a time, as long as none of them is a control character or beyond ASCII.
  constexpr std::uint64_t ones = 0x0101010101010101U;
  while (text.size() >= 8) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, text.data(), 8);
    const std::uint64_t below_space = eight - 0x20 * ones;
    const std::uint64_t beyond_tilde = eight + ones;
    if (((eight | below_space | beyond_tilde) & (0x80 * ones)) != 0) break;
    text.remove_prefix(8);
  }
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
  });
}

LineScanner::Found LineScanner::scan(std::string_view text, std::size_t lines_max) {
  while (scanned_ < text.size()) {
    if (scanned_ == line_start_ && lines_ > 0 &&
        std::string_view(" \t:").find(text[scanned_]) != std::string_view::npos) {
      return Found::folded_or_nameless;
    }
    const auto* newline =
        static_cast<const char*>(std::memchr(text.data() + scanned_, '\n', text.size() - scanned_));
    if (newline == nullptr) {
      scanned_ = text.size();
      break;
    }
    const auto at = static_cast<std::size_t>(newline - text.data());
    const std::string_view line = text.substr(line_start_, at - line_start_);
    if (line.empty() || line.find('\r') != line.size() - 1) return Found::bare_line_break;
    line_start_ = scanned_ = at + 1;
    if (line.size() == 1) return Found::end;
    if (++lines_ > lines_max) return Found::too_many;
  }
  return Found::need_more;
}

void ChunkDecoder::restart() {
  place_ = Place::size_first;
  left_ = 0;
  digits_ = 0;
  extension_bytes_ = 0;
  scanner_.restart();
  trailers_.clear();
}

// False: not a chunk's first line or last line break.
bool ChunkDecoder::on_line_byte(char c) {
  switch (place_) {
    case Place::size_first:
    case Place::size_more:
      if (const int digit = hex_digit(c); digit >= 0) {
        left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
        place_ = Place::size_more;
        return ++digits_ <= 15;  // no body has 2^60 bytes
      }
      if (place_ == Place::size_first) return false;
      if (c == ';' || c == ' ' || c == '\t')
        place_ = Place::extension;
      else if (c == '\r')
        place_ = Place::size_newline;
      else
        return false;
      return true;
    case Place::extension:
      if (c == '\r')
        place_ = Place::size_newline;
      else if (c == '\n' || ++extension_bytes_ > extension_bytes_max)
        return false;
      return true;
    case Place::size_newline:
      digits_ = 0;
      place_ = left_ == 0 ? Place::trailers : Place::data;
      return c == '\n';
    case Place::data_return:
      place_ = Place::data_newline;
      return c == '\r';
    case Place::data_newline:
      place_ = Place::size_first;
      return c == '\n';
    case Place::data:
    case Place::trailers:
      break;
  }
  return false;
}

ChunkDecoder::Step ChunkDecoder::step(base::ByteView input) {
  std::size_t used = 0;
  while (used < input.size()) {
    if (place_ == Place::data) {
      const auto size =
          static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size() - used));
      left_ -= size;
      if (left_ == 0) place_ = Place::data_return;
      return {Event::data, used + size, input.subspan(used, size)};
    }
    if (place_ == Place::trailers) {
      Step step = read_trailers(input.subspan(used));
      step.used += used;
      return step;
    }
    if (!on_line_byte(static_cast<char>(input[used]))) return {Event::failed, used, {}};
    ++used;
  }
  return {Event::need_more, used, {}};
}

ChunkDecoder::Step ChunkDecoder::read_trailers(base::ByteView input) {
  const std::string_view text = base::as_text(input);
  switch (scanner_.scan(text, trailers_max_)) {
    case LineScanner::Found::need_more:
      return {input.size() > trailer_bytes_max_ ? Event::failed : Event::need_more, 0, {}};
    case LineScanner::Found::folded_or_nameless:
    case LineScanner::Found::bare_line_break:
    case LineScanner::Found::too_many:
      return {Event::failed, 0, {}};
    case LineScanner::Found::end:
      break;
  }
  std::string_view rest = text.substr(0, scanner_.end() - 2);
  while (!rest.empty()) {
    const std::size_t line_end = rest.find('\r');
    if (!read_field(rest.substr(0, line_end), trailers_)) return {Event::failed, 0, {}};
    rest.remove_prefix(line_end + 2);
  }
  return {Event::end, scanner_.end(), {}};
}

}  // namespace transport
