// Hostile bytes for the HTTP/1.1 parser: shared by the fuzz target and by a test that runs
// mutations of real messages. Read in pieces and at once, the bytes must mean the same.
#pragma once

#include "base/bytes.h"
#include "base/check.h"
#include "transport/http1_parser.h"

#include <algorithm>
#include <string>

namespace transport {

// What a parser made of the bytes, as text.
inline std::string http1_meaning(Http1Parser::Kind kind, base::ByteView bytes, std::size_t piece) {
  Http1Parser parser(kind, {.head_bytes_max = 4096, .headers_max = 32, .target_bytes_max = 1024});
  std::string meaning;
  std::size_t used = 0;
  std::size_t shown = 0;
  while (shown < bytes.size()) {
    shown = std::min(bytes.size(), shown + piece);
    for (bool more = true; more;) {
      const Http1Parser::Step step = parser.step(bytes.subspan(used, shown - used));
      CHECK(step.used <= shown - used);
      used += step.used;
      switch (step.event) {
        case Http1Parser::Event::need_more:
          more = false;
          break;
        case Http1Parser::Event::head:
          for (const HeaderField& field : parser.request().headers) {
            CHECK(is_token(field.name));
            CHECK(is_field_value(field.value));
            CHECK(!is_connection_header(field.name));
            meaning += field.name + "=" + field.value + ";";
          }
          meaning += parser.request().method + parser.request().target + parser.request().authority;
          break;
        case Http1Parser::Event::data:
          meaning.append(base::as_text(step.data));
          break;
        case Http1Parser::Event::end:
          for (const HeaderField& field : parser.take_trailers()) {
            CHECK(is_token(field.name));
            meaning += field.name + "=" + field.value + ";";
          }
          meaning += "|";
          parser.restart();
          break;
        case Http1Parser::Event::failed:
          return meaning + "!";
      }
    }
  }
  return meaning;
}

inline void feed_http1_parser(base::ByteView bytes) {
  if (bytes.empty()) return;
  const std::size_t piece = 1 + std::to_integer<std::size_t>(bytes[0]) % 61;
  bytes = bytes.subspan(1);
  for (const auto kind : {Http1Parser::Kind::request, Http1Parser::Kind::response}) {
    CHECK(http1_meaning(kind, bytes, piece) == http1_meaning(kind, bytes, bytes.size() + 1));
  }
}

}  // namespace transport
