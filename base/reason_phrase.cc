#include "base/reason_phrase.h"

#include <algorithm>
#include <array>
#include <utility>

namespace base {
namespace {

using Phrase = std::pair<int, std::string_view>;

constexpr std::array<Phrase, 33> phrases{{
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {508, "Loop Detected"},
}};
static_assert(std::ranges::is_sorted(phrases, {}, &Phrase::first));

}  // namespace

std::string_view reason_phrase(int status) {
  const auto at = std::ranges::lower_bound(phrases, status, {}, &Phrase::first);
  return at != phrases.end() && at->first == status ? at->second : std::string_view();
}

}  // namespace base
