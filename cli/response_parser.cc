#include "cli/response_parser.h"

#include "base/strings.h"

#include <llhttp.h>

namespace cli {

std::optional<std::string_view> HttpHead::find(std::string_view name) const {
  for (const auto& [header, value] : headers) {
    if (header == name) return value;
  }
  return std::nullopt;
}

struct ResponseParser::State {
  explicit State(Sinks given) : sinks(std::move(given)) {
    llhttp_settings_init(&settings);
    settings.on_message_begin = [](llhttp_t* p) { return of(p).begin(); };
    settings.on_header_field = [](llhttp_t* p, const char* at, size_t n) {
      return of(p).append(of(p).name, {at, n});
    };
    settings.on_header_value = [](llhttp_t* p, const char* at, size_t n) {
      return of(p).append(of(p).value, {at, n});
    };
    settings.on_header_value_complete = [](llhttp_t* p) { return of(p).end_header(); };
    settings.on_headers_complete = [](llhttp_t* p) { return of(p).end_head(); };
    settings.on_body = [](llhttp_t* p, const char* at, size_t n) { return of(p).body({at, n}); };
    settings.on_message_complete = [](llhttp_t* p) { return of(p).end_message(); };
    start();
  }

  static State& of(llhttp_t* parser) { return *static_cast<State*>(parser->data); }

  void start() {
    llhttp_init(&parser, HTTP_RESPONSE, &settings);
    parser.data = this;
    has_head = false;
    complete = false;
    keeps_alive = false;
  }

  int begin() {
    head = {};
    head_bytes = 0;
    name.clear();
    value.clear();
    return HPE_OK;
  }
  int append(std::string& to, std::string_view bytes) {
    head_bytes += bytes.size();
    if (head_bytes > head_max) return HPE_USER;
    to += bytes;
    return HPE_OK;
  }
  int end_header() {
    head.headers.emplace_back(base::to_lower(name), value);
    name.clear();
    value.clear();
    return HPE_OK;
  }
  int end_head() {
    head.status = parser.status_code;
    if (head.status < 200) return HPE_OK;
    has_head = true;
    if (sinks.head) sinks.head(head);
    return no_body ? 1 : HPE_OK;  // llhttp: 1 = there is no body
  }
  int body(std::string_view bytes) const {
    if (sinks.body) sinks.body(bytes);
    return HPE_OK;
  }
  int end_message() {
    if (parser.status_code < 200) return HPE_OK;
    complete = true;
    keeps_alive = llhttp_should_keep_alive(&parser) == 1;
    return HPE_PAUSED;
  }

  Sinks sinks;
  llhttp_t parser{};
  llhttp_settings_t settings{};
  HttpHead head;
  std::size_t head_bytes = 0;
  std::string name;
  std::string value;
  bool no_body = false;
  bool has_head = false;
  bool complete = false;
  bool keeps_alive = false;
};

ResponseParser::ResponseParser(Sinks sinks) : state_(std::make_unique<State>(std::move(sinks))) {}
ResponseParser::~ResponseParser() = default;
ResponseParser::ResponseParser(ResponseParser&&) noexcept = default;

bool ResponseParser::feed(std::string_view bytes) {
  if (state_->complete) return bytes.empty();
  const llhttp_errno_t error = llhttp_execute(&state_->parser, bytes.data(), bytes.size());
  if (error == HPE_PAUSED && state_->complete) {
    return llhttp_get_error_pos(&state_->parser) == bytes.data() + bytes.size();
  }
  return error == HPE_OK;
}

bool ResponseParser::finish() {
  if (state_->complete) return true;
  if (!state_->has_head) return false;
  const llhttp_errno_t error = llhttp_finish(&state_->parser);
  return (error == HPE_OK || error == HPE_PAUSED) && state_->complete;
}

void ResponseParser::expect_no_body() {
  state_->no_body = true;
}
bool ResponseParser::has_head() const {
  return state_->has_head;
}
bool ResponseParser::complete() const {
  return state_->complete;
}
bool ResponseParser::keeps_alive() const {
  return state_->keeps_alive;
}
const HttpHead& ResponseParser::head() const {
  return state_->head;
}
void ResponseParser::reset() {
  state_->start();
}

}  // namespace cli
