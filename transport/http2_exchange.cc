#include "transport/http2_exchange.h"

#include "base/strings.h"

#include <algorithm>
#include <array>
#include <utility>

namespace transport {
namespace {

constexpr std::size_t kept_capacity_max = 64 * 1024;

// Values that hardly ever come twice would only push useful ones out of HPACK's table; secrets must
// not enter it (RFC 7541, 7.1).
constexpr std::array<std::string_view, 6> not_indexed{"parley-call",     "parley-deadline",
                                                      "traceparent",     "authorization",
                                                      "idempotency-key", "proxy-authorization"};
constexpr std::size_t not_secret = 3;  // of not_indexed, from its start

std::uint8_t* bytes_of(std::string_view text) {
  // nghttp2 takes pointers to non-const and does not write through them.
  return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
}

bool is_grpc(const Headers& headers) {
  const auto type = find_header(headers, "content-type");
  return type && type->starts_with("application/grpc");
}

}  // namespace

void Http2Fields::add(std::string_view name, std::string_view value) {
  size += name.size() + value.size() + 32;
  if (name.starts_with(':')) return add_pseudo(name, value);
  switch (name.size()) {
    case 2:
      if (name == "te") return;
      break;
    case 4:
      if (name != "host") break;
      if (authority.empty()) authority = value;
      return;
    case 6:
      if (name == "cookie") return add_cookie(value);
      if (name != "expect") break;
      expects_continue = base::equals_ignoring_case(value, "100-continue");
      return;
    case 14:
      if (name != "content-length") break;
      content_length = base::parse_unsigned(value);
      return;
    default:
      break;
  }
  if (headers.empty()) headers.reserve(8);
  headers.push_back({.name = std::string(name), .value = std::string(value)});
}

void Http2Fields::add_pseudo(std::string_view name, std::string_view value) {
  if (name == ":method") {
    method = value;
  } else if (name == ":path") {
    path = value;
  } else if (name == ":authority") {
    authority = value;
  } else if (name == ":status") {
    status = static_cast<int>(base::parse_unsigned(value).value_or(0));
  }
}

// RFC 9113, 8.2.3: crumbs become one field.
void Http2Fields::add_cookie(std::string_view value) {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [](const auto& f) { return f.name == "cookie"; });
  if (found != headers.end()) {
    found->value.append("; ").append(value);
  } else {
    headers.push_back({.name = "cookie", .value = std::string(value)});
  }
}

RequestHead Http2Fields::take_request(bool ended) {
  RequestHead head{.method = std::move(method),
                   .target = std::move(path),
                   .authority = std::move(authority),
                   .headers = std::move(headers),
                   .body_size = content_length};
  if (ended && !head.body_size) head.body_size = 0;
  *this = {};
  return head;
}

ResponseHead Http2Fields::take_response(bool ended) {
  ResponseHead head{.status = status, .headers = std::move(headers), .body_size = content_length};
  if (ended && !head.body_size) head.body_size = 0;
  *this = {};
  return head;
}

Http2FieldList::Http2FieldList(const RequestHead& head, std::string& digits, Http2NamesTold& told)
    : flags_(NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE), told_(&told) {
  fields_.reserve(head.headers.size() + 6);
  add(":method", head.method);
  add(":scheme", "http");
  add(":path", head.target);
  // nghttp2 refuses a request without one, as HTTP/1.1 does one without Host.
  add(":authority", head.authority.empty() ? std::string_view("localhost") : head.authority);
  add(head.headers);
  if (is_grpc(head.headers)) add("te", "trailers");  // hop by hop, so no head carries it
  if (!head.body_size || *head.body_size == 0) return;
  digits = std::to_string(*head.body_size);
  add("content-length", digits);
}

Http2FieldList::Http2FieldList(const ResponseHead& head, std::string& digits, Http2NamesTold& told)
    : flags_(NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE), told_(&told) {
  fields_.reserve(head.headers.size() + 2);
  digits = std::to_string(head.status);
  if (digits.size() != 3) return;
  if (head.body_size) digits += std::to_string(*head.body_size);
  const std::string_view all(digits);
  add(":status", all.substr(0, 3));
  add(head.headers);
  // 204 and 304 have no content, and with END_STREAM nobody needs a zero.
  if (all.size() > 3 && *head.body_size > 0) add("content-length", all.substr(3));
}

Http2FieldList::Http2FieldList(int informational_status)
    : status_(std::to_string(informational_status)) {
  add(":status", status_);
}

Http2FieldList::Http2FieldList(const Headers& trailers) {
  fields_.reserve(trailers.size());
  add(trailers);
}

void Http2FieldList::add(std::string_view name, std::string_view value) {
  const auto found = std::find(not_indexed.begin(), not_indexed.end(), name);
  std::uint8_t flags = flags_;
  if (found != not_indexed.end()) {
    const auto which = static_cast<std::size_t>(found - not_indexed.begin());
    const Http2NamesTold bit = Http2NamesTold{1} << which;
    if (told_ == nullptr || which >= not_secret || (*told_ & bit) != 0) {
      flags |= NGHTTP2_NV_FLAG_NO_INDEX;
    } else {
      *told_ |= bit;
    }
  }
  fields_.push_back({.name = bytes_of(name),
                     .value = bytes_of(value),
                     .namelen = name.size(),
                     .valuelen = value.size(),
                     .flags = flags});
}

void Http2FieldList::add(const Headers& headers) {
  for (const HeaderField& field : headers) add(field.name, field.value);
}

void Http2Exchange::append(base::ByteView bytes) {
  if (out_head > 0 && out_head >= out.size() / 2) {
    out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(out_head));
    out_head = 0;
  }
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void Http2Exchange::renew() {
  base::Bytes buffer = std::move(out);
  buffer.clear();
  *this = {};
  out = std::move(buffer);
}

void Http2Exchange::drop_front(std::size_t size) {
  out_head += size;
  if (out_head < out.size()) return;
  out_head = 0;
  if (out.capacity() > kept_capacity_max) {
    out = {};
  } else {
    out.clear();
  }
}

void Http2Exchange::discard_output() {
  drop_front(unsent());
  out_discarded = true;
  if (above_high_water) writable_due = true;
}

}  // namespace transport
