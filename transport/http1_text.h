// HTTP/1.1 heads and chunks as text that is appended to what leaves next. Fields that HTTP/1.1
// could not carry safely (a name that is no token, a value with a line break) are left out, whoever
// sent them.
#pragma once

#include "transport/stream.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace transport {

enum class BodyFraming : std::uint8_t {
  none,         // no body and no word about one
  length,       // Content-Length
  chunked,      // Transfer-Encoding: chunked
  until_close,  // the end of the connection ends the body
};

void append_request_head(std::string& out, const RequestHead& head, std::string_view target_base,
                         std::string_view authority, BodyFraming framing);
void append_response_head(std::string& out, const ResponseHead& head, BodyFraming framing,
                          bool version_1_0, bool keep_alive);
// The line before a chunk's bytes; "\r\n" follows them.
void append_chunk_size(std::string& out, std::size_t size);
void append_last_chunk(std::string& out, const Headers& trailers);
// The answer to what the service never sees: application/problem+json, Parley-Error: bad_request.
void append_problem(std::string& out, int status, std::string_view detail, bool keep_alive,
                    bool with_body);

}  // namespace transport
