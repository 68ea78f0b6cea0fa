#include "transport/http1_parser.h"

#include "base/rng.h"
#include "tests/fuzz/http1_input.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace transport {
namespace {

const std::vector<std::string> corpus = {
    "GET /a?b HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\nGET / HTTP/1.1\r\nHost: b\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a:80\r\nContent-Length: 5\r\n\r\nhelloPUT /x HTTP/1.1\r\nHost: "
    "a\r\nConnection: close\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n"
    "1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nX-Sum: 42\r\n\r\n",
    "GET http://a/b HTTP/1.0\r\nConnection: keep-alive, x\r\nX: y\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nabc",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n"
    "3\r\nabc\r\n0\r\n\r\n",
    "HTTP/1.0 404 Not Found\r\nServer: x\r\n\r\nuntil the end",
};

TEST(Http1ParserTest, ReadsTheSameInAnyPieces) {
  for (const std::string& text : corpus) {
    for (const auto kind : {Http1Parser::Kind::request, Http1Parser::Kind::response}) {
      const std::string whole = http1_meaning(kind, base::as_bytes(text), text.size());
      for (std::size_t piece = 1; piece < text.size(); ++piece) {
        EXPECT_EQ(http1_meaning(kind, base::as_bytes(text), piece), whole) << text;
      }
    }
  }
  EXPECT_EQ(http1_meaning(Http1Parser::Kind::request, base::as_bytes(corpus[1]), 7),
            "POST/a:80hello|PUT/xa|");
}

TEST(Http1ParserTest, SurvivesMutations) {
  base::Rng rng(7);
  for (int round = 0; round < 20'000; ++round) {
    std::string text = "\x05" + rng.pick(corpus);
    for (std::uint64_t n = rng.below(4); n > 0 && !text.empty(); --n) {
      const auto at = static_cast<std::size_t>(rng.below(text.size()));
      switch (rng.below(5)) {
        case 0:
          text[at] = static_cast<char>(rng.below(256));
          break;
        case 1:
          text.erase(at, 1 + static_cast<std::size_t>(rng.below(4)));
          break;
        case 2:
          text.insert(at, 1, "\r\n \t:;0\x00\x7f,"[rng.below(10)]);
          break;
        case 3:
          text.insert(at, text.substr(rng.below(text.size()), rng.below(30)));
          break;
        default:
          text.resize(at);
          break;
      }
    }
    feed_http1_parser(base::as_bytes(text));
  }
}

}  // namespace
}  // namespace transport
