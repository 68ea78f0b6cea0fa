#include "transport/http1_text.h"

#include "base/reason_phrase.h"
#include "transport/http1_chunks.h"

#include <array>
#include <charconv>

namespace transport {
namespace {

void append_number(std::string& out, std::uint64_t number, int base = 10) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr;
  out.append(digits.data(), end);
}

void append_fields(std::string& out, const Headers& headers) {
  for (const HeaderField& field : headers) {
    if (!is_token(field.name) || !is_field_value(field.value)) continue;
    if (is_connection_header(field.name)) continue;
    out.append(field.name).append(": ").append(field.value).append("\r\n");
  }
}

void append_framing(std::string& out, BodyFraming framing, std::uint64_t size) {
  if (framing == BodyFraming::length) {
    out.append("content-length: ");
    append_number(out, size);
    out.append("\r\n");
  } else if (framing == BodyFraming::chunked) {
    out.append("transfer-encoding: chunked\r\n");
  }
}

// What may stand between the spaces of a request line.
bool is_line_part(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return false;
  }
  return true;
}

}  // namespace

void append_request_head(std::string& out, const RequestHead& head, std::string_view target_base,
                         std::string_view authority, BodyFraming framing) {
  out.append(is_token(head.method) ? std::string_view(head.method) : "GET").append(" ");
  out.append(target_base);
  if (is_line_part(head.target)) out.append(head.target);
  if (out.back() == ' ') out.append("/");
  out.append(" HTTP/1.1\r\nhost: ").append(is_line_part(authority) ? authority : "").append("\r\n");
  append_fields(out, head.headers);
  append_framing(out, framing, head.body_size.value_or(0));
  out.append("\r\n");
}

void append_response_head(std::string& out, const ResponseHead& head, BodyFraming framing,
                          bool version_1_0, bool keep_alive) {
  out.append(version_1_0 ? "HTTP/1.0 " : "HTTP/1.1 ");
  append_number(out, static_cast<std::uint64_t>(head.status));
  out.append(" ").append(base::reason_phrase(head.status)).append("\r\n");
  append_fields(out, head.headers);
  append_framing(out, framing, head.body_size.value_or(0));
  if (!keep_alive) {
    out.append("connection: close\r\n");
  } else if (version_1_0) {
    out.append("connection: keep-alive\r\n");
  }
  out.append("\r\n");
}

void append_chunk_size(std::string& out, std::size_t size) {
  append_number(out, size, 16);
  out.append("\r\n");
}

void append_last_chunk(std::string& out, const Headers& trailers) {
  out.append("0\r\n");
  append_fields(out, trailers);
  out.append("\r\n");
}

void append_problem(std::string& out, int status, std::string_view detail, bool keep_alive,
                    bool with_body) {
  std::string body = R"({"type":"urn:parley:error:bad_request","title":")";
  body.append(base::reason_phrase(status)).append(R"(","status":)");
  append_number(body, static_cast<std::uint64_t>(status));
  body.append(R"(,"code":"bad_request","detail":")").append(detail).append("\"}\n");
  const ResponseHead head{
      .status = status,
      .headers = {{"content-type", "application/problem+json"}, {"parley-error", "bad_request"}},
      .body_size = body.size()};
  append_response_head(out, head, BodyFraming::length, false, keep_alive);
  if (with_body) out.append(body);
}

}  // namespace transport
