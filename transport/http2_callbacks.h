// What nghttp2 calls back, as members of Http2Session (its only user).
#pragma once

#include "transport/http2_exchange.h"
#include "transport/http2_session.h"

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>

namespace transport {

struct Http2Session::Callbacks {
  // A session with our options and settings; `session` becomes its user data.
  [[nodiscard]] static nghttp2_session* make_session(Http2Side side, const Http2Options& options,
                                                     Http2Session* session);
  // Gives the body of the exchange that `source` points to.
  static ssize_t read_body(nghttp2_session* session, std::int32_t id, std::uint8_t* buffer,
                           std::size_t size, std::uint32_t* flags, nghttp2_data_source* source,
                           void* user);

 private:
  static int send_body(nghttp2_session* session, nghttp2_frame* frame, const std::uint8_t* head,
                       std::size_t size, nghttp2_data_source* source, void* user);
  static int on_begin_headers(nghttp2_session* session, const nghttp2_frame* frame, void* user);
  static int on_header(nghttp2_session* session, const nghttp2_frame* frame,
                       const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
                       std::size_t value_size, std::uint8_t flags, void* user);
  static int on_frame(nghttp2_session* session, const nghttp2_frame* frame, void* user);
  static int on_data(nghttp2_session* session, std::uint8_t flags, std::int32_t id,
                     const std::uint8_t* bytes, std::size_t size, void* user);
  static int on_stream_close(nghttp2_session* session, std::int32_t id, std::uint32_t error_code,
                             void* user);
  static int on_frame_sent(nghttp2_session* session, const nghttp2_frame* frame, void* user);
};

}  // namespace transport
