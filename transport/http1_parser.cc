#include "transport/http1_parser.h"

#include "base/check.h"
#include "base/strings.h"

#include <algorithm>
#include <utility>

namespace transport {
namespace {

Http1Parser& parser_of(llhttp_t* parser) {
  return *static_cast<Http1Parser*>(parser->data);
}

Http1Error error_of(llhttp_errno_t error) {
  if (error == HPE_INVALID_VERSION) return Http1Error::bad_version;
  if (error == HPE_INVALID_URL) return Http1Error::bad_target;
  if (error == HPE_INVALID_CONTENT_LENGTH) return Http1Error::bad_length;
  if (error == HPE_UNEXPECTED_CONTENT_LENGTH) return Http1Error::length_and_encoding;
  if (error == HPE_INVALID_TRANSFER_ENCODING) return Http1Error::encoding_not_chunked;
  return Http1Error::malformed;
}

bool is_host(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool digit = c >= '0' && c <= '9';
    return letter || digit || std::string_view("-._~:[]%").find(c) != std::string_view::npos;
  });
}

}  // namespace

std::string_view to_string(Http1Error error) {
  switch (error) {
    case Http1Error::none:
      return "no error";
    case Http1Error::malformed:
      return "the message head is malformed";
    case Http1Error::folded_or_nameless_line:
      return "a header line is folded or has no name";
    case Http1Error::bare_line_break:
      return "a line does not end in CRLF";
    case Http1Error::head_too_large:
      return "the message head is too large";
    case Http1Error::too_many_headers:
      return "the message head has too many fields";
    case Http1Error::target_too_long:
      return "the request target is too long";
    case Http1Error::bad_target:
      return "the request target is neither a path nor an http URL";
    case Http1Error::bad_version:
      return "the version is neither HTTP/1.0 nor HTTP/1.1";
    case Http1Error::missing_host:
      return "the Host field is missing";
    case Http1Error::repeated_host:
      return "the Host field is repeated";
    case Http1Error::bad_host:
      return "the Host field is not a host";
    case Http1Error::bad_length:
      return "the Content-Length is not one number";
    case Http1Error::length_and_encoding:
      return "Content-Length stands beside Transfer-Encoding";
    case Http1Error::encoding_not_chunked:
      return "the only Transfer-Encoding allowed is chunked";
    case Http1Error::encoding_in_1_0:
      return "Transfer-Encoding stands in an HTTP/1.0 message";
    case Http1Error::bad_chunk:
      return "the chunked body is malformed";
  }
  return "unknown";
}

Http1Parser::Http1Parser(Kind kind, const Http1Limits& limits)
    : kind_(kind), limits_(limits), chunks_(limits.head_bytes_max, limits.headers_max) {
  llhttp_init(&llhttp_, kind == Kind::request ? HTTP_REQUEST : HTTP_RESPONSE, &settings());
  llhttp_.data = this;
}

const llhttp_settings_t& Http1Parser::settings() {
  static const llhttp_settings_t callbacks = [] {
    llhttp_settings_t made;
    llhttp_settings_init(&made);
    made.on_url = &Http1Parser::on_target;
    made.on_header_field = &Http1Parser::on_field_name;
    made.on_header_value = &Http1Parser::on_field_value;
    made.on_headers_complete = &Http1Parser::on_head_end;
    return made;
  }();
  return callbacks;
}

int Http1Parser::on_target(llhttp_t* parser, const char* at, std::size_t size) {
  parser_of(parser).request_.target.append(at, size);
  return 0;
}

int Http1Parser::on_field_name(llhttp_t* parser, const char* at, std::size_t size) {
  std::string& name = parser_of(parser).fields_.emplace_back().name;
  name.assign(at, size);
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return 0;
}

int Http1Parser::on_field_value(llhttp_t* parser, const char* at, std::size_t size) {
  Headers& fields = parser_of(parser).fields_;
  if (fields.empty() || !fields.back().value.empty()) return -1;  // a value without a name
  fields.back().value.assign(base::trim(std::string_view(at, size)));
  return 0;
}

// One: llhttp need not care about a body, ChunkDecoder and a count do.
int Http1Parser::on_head_end(llhttp_t* parser) {
  parser_of(parser).head_ended_ = true;
  return 1;
}

void Http1Parser::restart(bool answers_head) {
  body_ = Body::in_head;
  in_head_ = false;
  answers_head_ = answers_head;
  scanner_.restart();
}

Http1Parser::Step Http1Parser::fail(Http1Error error) {
  error_ = error;
  body_ = Body::ended;
  return {Event::failed, 0, {}};
}

Http1Parser::Step Http1Parser::step(base::ByteView input) {
  if (error_ != Http1Error::none) return {Event::failed, 0, {}};
  switch (body_) {
    case Body::in_head:
      return read_head(input);
    case Body::length:
    case Body::chunked:
    case Body::until_close:
      return read_body(input);
    case Body::ended:
      break;
  }
  return {Event::need_more, 0, {}};
}

Http1Parser::Step Http1Parser::read_head(base::ByteView input) {
  std::size_t skipped = 0;
  if (!in_head_ && kind_ == Kind::request) {
    // RFC 9112, 2.2: empty lines before a request line are ignored.
    while (input.size() - skipped >= 2 && input[skipped] == std::byte{'\r'} &&
           input[skipped + 1] == std::byte{'\n'}) {
      skipped += 2;
    }
    input = input.subspan(skipped);
  }
  if (input.empty()) return {Event::need_more, skipped, {}};
  in_head_ = input.size() > 1 || input[0] != std::byte{'\r'};
  if (!in_head_) return {Event::need_more, skipped, {}};
  const auto found = scanner_.scan(base::as_text(input), limits_.headers_max + 1);
  const bool too_large =
      scanner_.end() > limits_.head_bytes_max ||
      (found == LineScanner::Found::need_more && input.size() > limits_.head_bytes_max);
  if (too_large) return fail(Http1Error::head_too_large);
  switch (found) {
    case LineScanner::Found::need_more:
      return {Event::need_more, skipped, {}};
    case LineScanner::Found::folded_or_nameless:
      return fail(Http1Error::folded_or_nameless_line);
    case LineScanner::Found::bare_line_break:
      return fail(Http1Error::bare_line_break);
    case LineScanner::Found::too_many:
      return fail(Http1Error::too_many_headers);
    case LineScanner::Found::end:
      break;
  }
  const std::string_view head = base::as_text(input.first(scanner_.end()));
  if (kind_ == Kind::request) {
    // llhttp takes any number of spaces between the three parts of the request line.
    const std::string_view line = head.substr(0, head.find('\r'));
    if (std::count(line.begin(), line.end(), ' ') != 2) return fail(Http1Error::malformed);
  }
  fields_.clear();
  fields_.reserve(8);
  request_ = {};
  response_ = {};
  head_ended_ = false;
  llhttp_reset(&llhttp_);
  const llhttp_errno_t error = llhttp_execute(&llhttp_, head.data(), head.size());
  if (!head_ended_) return fail(error == HPE_OK ? Http1Error::malformed : error_of(error));
  if (const Http1Error refused = interpret(); refused != Http1Error::none) return fail(refused);
  return {Event::head, skipped + head.size(), {}};
}

Http1Error Http1Parser::interpret() {
  if (llhttp_.http_major != 1 || llhttp_.http_minor > 1) return Http1Error::bad_version;
  terms_ = {};
  terms_.version_1_0 = llhttp_.http_minor == 0;
  terms_.keep_alive = !terms_.version_1_0;
  hosts_ = 0;
  encodings_ = 0;
  length_.reset();
  upgrade_to_.clear();
  named_by_connection_.clear();
  for (const HeaderField& field : fields_) {
    if (!is_connection_header(field.name) && field.name != "expect") continue;
    if (const Http1Error error = read_field(field); error != Http1Error::none) return error;
  }
  if (const Http1Error error = settle_body(); error != Http1Error::none) return error;
  const bool asked = std::find(named_by_connection_.begin(), named_by_connection_.end(),
                               "upgrade") != named_by_connection_.end();
  terms_.upgrade = asked && !base::equals_ignoring_case(upgrade_to_, "h2c");
  if (kind_ == Kind::response) {
    keep_end_to_end_fields(response_.headers);
    response_.status = llhttp_.status_code;
    return Http1Error::none;
  }
  if (hosts_ == 0 && !terms_.version_1_0) return Http1Error::missing_host;
  request_.method = llhttp_method_name(static_cast<llhttp_method_t>(llhttp_.method));
  keep_end_to_end_fields(request_.headers);
  return settle_target();
}

Http1Error Http1Parser::read_field(const HeaderField& field) {
  const std::string& name = field.name;
  if (name == "host" && kind_ == Kind::request) {
    if (++hosts_ > 1) return Http1Error::repeated_host;
    if (!is_host(field.value)) return Http1Error::bad_host;
    request_.authority = field.value;
  } else if (name == "content-length") {
    const auto length = base::parse_unsigned(field.value);
    if (!length || length_) return Http1Error::bad_length;
    length_ = length;
  } else if (name == "transfer-encoding") {
    if (terms_.version_1_0) return Http1Error::encoding_in_1_0;
    if (++encodings_ > 1) return Http1Error::encoding_not_chunked;
    if (!base::equals_ignoring_case(field.value, "chunked"))
      return Http1Error::encoding_not_chunked;
  } else if (name == "connection") {
    read_connection_options(field.value);
  } else if (name == "upgrade") {
    upgrade_to_ = field.value;
  } else if (name == "expect" && kind_ == Kind::request && !terms_.version_1_0) {
    const bool known = base::equals_ignoring_case(field.value, "100-continue");
    (known ? terms_.expects_continue : terms_.expects_other) = true;
  }
  return Http1Error::none;
}

void Http1Parser::read_connection_options(std::string_view value) {
  for (const std::string_view part : base::split(value, ',')) {
    const std::string_view option = base::trim(part);
    if (base::equals_ignoring_case(option, "close")) {
      terms_.keep_alive = false;
    } else if (base::equals_ignoring_case(option, "keep-alive")) {
      terms_.keep_alive = terms_.keep_alive || terms_.version_1_0;
    } else if (!option.empty() && named_by_connection_.size() < limits_.headers_max) {
      named_by_connection_.push_back(base::to_lower(option));
    }
  }
}

void Http1Parser::keep_end_to_end_fields(Headers& out) {
  const auto goes = [this](const HeaderField& field) {
    if (is_connection_header(field.name) || field.name == "expect") return true;
    return std::find(named_by_connection_.begin(), named_by_connection_.end(), field.name) !=
           named_by_connection_.end();
  };
  std::erase_if(fields_, goes);
  out = std::move(fields_);
  fields_ = {};
}

// Origin form stays; absolute form (RFC 9112, 3.2.2) gives authority and path; CONNECT is for the
// server to refuse.
Http1Error Http1Parser::settle_target() {
  std::string& target = request_.target;
  if (target.size() > limits_.target_bytes_max) return Http1Error::target_too_long;
  if (request_.method == "CONNECT") return Http1Error::none;
  if (target.starts_with('/')) return Http1Error::none;
  if (target == "*")
    return request_.method == "OPTIONS" ? Http1Error::none : Http1Error::bad_target;
  constexpr std::string_view scheme = "http://";
  if (!base::equals_ignoring_case(std::string_view(target).substr(0, scheme.size()), scheme)) {
    return Http1Error::bad_target;
  }
  const std::string_view rest = std::string_view(target).substr(scheme.size());
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  if (authority.empty() || !is_host(authority)) return Http1Error::bad_target;
  std::string path(rest.substr(authority.size()));
  if (!path.starts_with('/')) path.insert(0, "/");
  request_.authority = std::string(authority);
  target = std::move(path);
  return Http1Error::none;
}

Http1Error Http1Parser::settle_body() {
  if (encodings_ > 0 && length_) return Http1Error::length_and_encoding;
  std::optional<std::uint64_t> size = length_;
  if (encodings_ > 0) {
    body_ = Body::chunked;
    chunks_.restart();
  } else if (length_ || kind_ == Kind::request) {
    body_ = Body::length;
    left_ = length_.value_or(0);
    size = left_;
  } else {
    body_ = Body::until_close;
  }
  if (kind_ == Kind::request) {
    request_.body_size = size;
    return Http1Error::none;
  }
  const int status = llhttp_.status_code;
  if (answers_head_ || status < 200 || status == 204 || status == 304) {
    body_ = Body::length;
    left_ = 0;
    if (status < 200 || status == 204) size = 0;
  }
  if (body_ == Body::until_close) terms_.keep_alive = false;
  response_.body_size = size;
  return Http1Error::none;
}

Http1Parser::Step Http1Parser::read_body(base::ByteView input) {
  if (body_ == Body::length) {
    if (left_ == 0) {
      body_ = Body::ended;
      return {Event::end, 0, {}};
    }
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
    if (size == 0) return {};
    left_ -= size;
    return {Event::data, size, input.first(size)};
  }
  if (body_ == Body::until_close) {
    if (input.empty()) return {};
    return {Event::data, input.size(), input};
  }
  const ChunkDecoder::Step step = chunks_.step(input);
  switch (step.event) {
    case ChunkDecoder::Event::need_more:
      return {Event::need_more, step.used, {}};
    case ChunkDecoder::Event::data:
      return {Event::data, step.used, step.data};
    case ChunkDecoder::Event::end:
      body_ = Body::ended;
      return {Event::end, step.used, {}};
    case ChunkDecoder::Event::failed:
      break;
  }
  return fail(Http1Error::bad_chunk);
}

}  // namespace transport
