#include "mesh/call.h"

#include "base/check.h"

#include <algorithm>
#include <array>

namespace mesh {

namespace {

struct CodeWords {
  ProblemCode code;
  std::string_view name;
  int status;
};
constexpr std::array<CodeWords, 10> code_words{{
    {ProblemCode::no_capable_agent, "no_capable_agent", 503},
    {ProblemCode::circuit_open, "circuit_open", 503},
    {ProblemCode::deadline_exceeded, "deadline_exceeded", 504},
    {ProblemCode::agent_unreachable, "agent_unreachable", 502},
    {ProblemCode::rate_limited, "rate_limited", 429},
    {ProblemCode::overloaded, "overloaded", 503},
    {ProblemCode::forbidden, "forbidden", 403},
    {ProblemCode::cycle_detected, "cycle_detected", 508},
    {ProblemCode::body_too_large, "body_too_large", 413},
    {ProblemCode::bad_request, "bad_request", 400},
}};

const CodeWords& words_of(ProblemCode code) {
  const auto found =
      std::ranges::find_if(code_words, [&](const CodeWords& words) { return words.code == code; });
  CHECK(found != code_words.end());
  return *found;
}

}  // namespace

bool decides_calls(std::string_view field) {
  if (field.empty()) return false;
  switch (field.front()) {
    case 'a':
      return field.starts_with("anthropic-ratelimit-");
    case 'c':
      return field == "content-type" || field == "content-encoding";
    case 'd':
      return field == "date";  // what resets of limits are compared with
    case 'g':
      return field == "grpc-timeout";
    case 'i':
      return field == "idempotency-key";
    case 'p':  // among them parley-quality, -context-version, -complexity, -priority
      return field.starts_with("parley-");
    case 'r':
      return field.starts_with("retry-after") || field.starts_with("ratelimit");
    case 't':
      return field == "traceparent";
    case 'x':
      return field.starts_with("x-ratelimit-");
    default:
      return false;
  }
}

bool is_set_anew(std::string_view field) {
  return field == "parley-call" || field == "parley-path" || field == "parley-deadline" ||
         field == "parley-deadline-scope" || field == "parley-caller" || field == "traceparent";
}

std::string_view to_string(ProblemCode code) {
  return words_of(code).name;
}

int http_status(ProblemCode code) {
  return words_of(code).status;
}

std::optional<ProblemCode> problem_code(std::string_view name) {
  for (const CodeWords& words : code_words) {
    if (words.name == name) return words.code;
  }
  return std::nullopt;
}

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::success:
      return "success";
    case Outcome::application_error:
      return "application_error";
    case Outcome::quality_failure:
      return "quality_failure";
    case Outcome::mesh_error:
      return "mesh_error";
    case Outcome::caller_gone:
      return "caller_gone";
    case Outcome::deferred:
      return "deferred";
  }
  CHECK(false);
  return {};
}

}  // namespace mesh
