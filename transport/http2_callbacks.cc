#include "transport/http2_callbacks.h"

#include "base/check.h"

#include <array>
#include <string_view>

namespace transport {
namespace {

Http2Session& session_of(void* user) {
  return *static_cast<Http2Session*>(user);
}

std::string_view text_of(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

bool ends_stream(const nghttp2_frame* frame) {
  return (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
}

struct FreeNghttp2 {
  void operator()(nghttp2_session_callbacks* callbacks) const {
    nghttp2_session_callbacks_del(callbacks);
  }
  void operator()(nghttp2_option* option) const { nghttp2_option_del(option); }
};

std::unique_ptr<nghttp2_option, FreeNghttp2> make_options(const Http2Options& options) {
  nghttp2_option* option = nullptr;
  CHECK(nghttp2_option_new(&option) == 0);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_no_closed_streams(option, 1);
  nghttp2_option_set_max_outbound_ack(option, options.acks_queued_max);
  nghttp2_option_set_max_continuations(option, 8);
  // Ours counts over a window; nghttp2's default of 33 a second is too little for hedged calls.
  nghttp2_option_set_stream_reset_rate_limit(option, std::uint64_t{options.resets_max} * 2,
                                             options.resets_max);
  return std::unique_ptr<nghttp2_option, FreeNghttp2>(option);
}

void submit_settings(nghttp2_session* session, Http2Side side, const Http2Options& options) {
  std::array<nghttp2_settings_entry, 5> entries{{
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options.stream_window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(options.header_bytes_max)},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, options.streams_max},
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
  }};
  if (side == Http2Side::client) entries[3].value = 0;  // nobody pushes
  const std::size_t count = side == Http2Side::client ? 5 : 4;
  CHECK(nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, entries.data(), count) == 0);
  CHECK(nghttp2_session_set_local_window_size(
            session, NGHTTP2_FLAG_NONE, 0, static_cast<std::int32_t>(options.connection_window)) ==
        0);
}

}  // namespace

nghttp2_session* Http2Session::Callbacks::make_session(Http2Side side, const Http2Options& options,
                                                       Http2Session* session) {
  nghttp2_session_callbacks* made_callbacks = nullptr;
  CHECK(nghttp2_session_callbacks_new(&made_callbacks) == 0);
  const std::unique_ptr<nghttp2_session_callbacks, FreeNghttp2> callbacks(made_callbacks);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks.get(), on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks.get(), on_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks.get(), on_frame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks.get(), on_data);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks.get(), on_stream_close);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks.get(), on_frame_sent);
  nghttp2_session_callbacks_set_send_data_callback(callbacks.get(), send_body);
  const auto option = make_options(options);
  nghttp2_session* made = nullptr;
  const int error =
      side == Http2Side::server
          ? nghttp2_session_server_new2(&made, callbacks.get(), session, option.get())
          : nghttp2_session_client_new2(&made, callbacks.get(), session, option.get());
  CHECK(error == 0);
  submit_settings(made, side, options);
  return made;
}

ssize_t Http2Session::Callbacks::read_body(nghttp2_session* session, std::int32_t id,
                                           std::uint8_t* /*buffer*/, std::size_t size,
                                           std::uint32_t* flags, nghttp2_data_source* source,
                                           void* /*user*/) {
  auto& exchange = *static_cast<Http2Exchange*>(source->ptr);
  const std::size_t ready = exchange.unsent();
  if (ready == 0 && !exchange.end_sent) {
    exchange.deferred = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  const std::size_t given = ready < size ? ready : size;
  if (given > 0) *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (given < ready || !exchange.end_sent) return static_cast<ssize_t>(given);
  *flags |= NGHTTP2_DATA_FLAG_EOF;
  if (!exchange.trailers_out.empty()) {
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    const Http2FieldList fields(exchange.trailers_out);
    if (nghttp2_submit_trailer(session, id, fields.data(), fields.size()) != 0) {
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
  }
  return static_cast<ssize_t>(given);
}

// The one copy of a body on its way out: from the exchange into the buffer that is written.
int Http2Session::Callbacks::send_body(nghttp2_session* /*session*/, nghttp2_frame* frame,
                                       const std::uint8_t* head, std::size_t size,
                                       nghttp2_data_source* source, void* user) {
  Http2Session& self = session_of(user);
  auto& exchange = *static_cast<Http2Exchange*>(source->ptr);
  CHECK(self.out_ != nullptr);
  CHECK(frame->data.padlen == 0);
  CHECK(size <= exchange.unsent());
  base::Bytes& out = *self.out_;
  if (out.size() >= self.out_size_max_) return NGHTTP2_ERR_WOULDBLOCK;
  const auto* frame_head = reinterpret_cast<const std::byte*>(head);
  out.insert(out.end(), frame_head, frame_head + 9);
  const std::byte* body = exchange.out.data() + exchange.out_head;
  out.insert(out.end(), body, body + size);
  exchange.drop_front(size);
  if (exchange.above_high_water && exchange.unsent() < Stream::low_water) {
    exchange.writable_due = true;
    self.tell_later(exchange);
  }
  return 0;
}

int Http2Session::Callbacks::on_begin_headers(nghttp2_session* session, const nghttp2_frame* frame,
                                              void* user) {
  if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
  Http2Session& self = session_of(user);
  Http2Exchange& exchange = self.add_exchange();
  exchange.id = frame->hd.stream_id;
  exchange.open = true;
  ++self.open_streams_;
  nghttp2_session_set_stream_user_data(session, exchange.id, &exchange);
  return 0;
}

int Http2Session::Callbacks::on_header(nghttp2_session* /*session*/, const nghttp2_frame* frame,
                                       const std::uint8_t* name, std::size_t name_size,
                                       const std::uint8_t* value, std::size_t value_size,
                                       std::uint8_t /*flags*/, void* user) {
  Http2Session& self = session_of(user);
  Http2Exchange* const exchange = self.find(frame->hd.stream_id);
  if (exchange == nullptr) return 0;
  exchange->fields.add(text_of(name, name_size), text_of(value, value_size));
  if (exchange->fields.size <= self.options_.header_bytes_max) return 0;
  self.on_reset();
  return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;  // resets the stream
}

int Http2Session::Callbacks::on_frame(nghttp2_session* /*session*/, const nghttp2_frame* frame,
                                      void* user) {
  Http2Session& self = session_of(user);
  if (frame->hd.type == NGHTTP2_RST_STREAM) self.on_reset();
  if (frame->hd.type == NGHTTP2_GOAWAY) self.going_away_ = true;
  if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
  Http2Exchange* const exchange = session_of(user).find(frame->hd.stream_id);
  if (exchange == nullptr) return 0;
  if (frame->hd.type == NGHTTP2_HEADERS) {
    self.on_head(*exchange, ends_stream(frame));
  } else if (ends_stream(frame)) {
    self.deliver_end(*exchange);
  }
  return 0;
}

int Http2Session::Callbacks::on_data(nghttp2_session* session, std::uint8_t /*flags*/,
                                     std::int32_t id, const std::uint8_t* bytes, std::size_t size,
                                     void* user) {
  Http2Session& self = session_of(user);
  Http2Exchange* const exchange = session_of(user).find(id);
  if (exchange == nullptr) {
    nghttp2_session_consume(session, id, size);
    return 0;
  }
  self.deliver(*exchange, {reinterpret_cast<const std::byte*>(bytes), size});
  return 0;
}

int Http2Session::Callbacks::on_stream_close(nghttp2_session* /*session*/, std::int32_t id,
                                             std::uint32_t error_code, void* user) {
  Http2Exchange* const exchange = session_of(user).find(id);
  if (exchange != nullptr) session_of(user).on_stream_closed(*exchange, error_code);
  return 0;
}

int Http2Session::Callbacks::on_frame_sent(nghttp2_session* /*session*/, const nghttp2_frame* frame,
                                           void* user) {
  Http2Session& self = session_of(user);
  if (frame->hd.type == NGHTTP2_RST_STREAM) {
    // A peer whose frames make us reset is no better than one that resets (CVE-2025-8671).
    const std::uint32_t code = frame->rst_stream.error_code;
    if (code == NGHTTP2_PROTOCOL_ERROR || code == NGHTTP2_FLOW_CONTROL_ERROR ||
        code == NGHTTP2_STREAM_CLOSED) {
      self.on_reset();
    }
    return 0;
  }
  if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
  Http2Exchange* const exchange = session_of(user).find(frame->hd.stream_id);
  if (exchange != nullptr) self.on_sent(*exchange, ends_stream(frame));
  return 0;
}

}  // namespace transport
