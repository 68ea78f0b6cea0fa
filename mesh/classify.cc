#include "mesh/classify.h"

#include "base/check.h"
#include "base/strings.h"
#include "mesh/judge/calendar.h"
#include "mesh/judge/complexity.h"
#include "mesh/judge/pace.h"

#include <algorithm>

namespace mesh {

namespace {

Classified of_the_mesh(Verdict verdict, ProblemCode code) {
  Classified out{.verdict = verdict,
                 .code = code,
                 .reason = std::nullopt,
                 .result = std::nullopt,
                 .retry_after = std::nullopt,
                 .quality = std::nullopt,
                 .checked = std::nullopt,
                 .context_version = {},
                 .why = {}};
  if (verdict == Verdict::mesh_failure) {
    out.reason =
        code == ProblemCode::deadline_exceeded ? RetryReason::timeout : RetryReason::unavailable;
  }
  // Whoever is too busy or drains has not failed.
  if (code == ProblemCode::agent_unreachable) out.result = score::Result::transport;
  return out;
}

constexpr std::string_view digits = "0123456789";

// "7", "20240501120000000001", "1.4.0"
bool is_dotted_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.") == std::string_view::npos &&
         text.front() != '.' && text.back() != '.' && text.find("..") == std::string_view::npos;
}

// Takes its first part; what is missing is as good as 0.
std::string_view take_number(std::string_view& left) {
  const std::string_view part = left.substr(0, left.find_first_not_of(digits));
  left.remove_prefix(std::min(part.size() + 1, left.size()));
  return part.substr(std::min(part.find_first_not_of('0'), part.size()));
}

bool is_less(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    const std::string_view x = take_number(a);
    const std::string_view y = take_number(b);
    if (x.size() != y.size()) return x.size() < y.size();
    if (x != y) return x < y;
  }
  return false;
}

void be(Classified& classified, Verdict verdict, RetryReason reason, score::Result result) {
  classified.verdict = verdict;
  classified.reason = reason;
  classified.result = result;
}

}  // namespace

Classified classify(const AnswerHead& head, bool from_peer) {
  const auto name = find_header(head.headers, "parley-error");
  if (from_peer && name && head.status >= 400) {
    const ProblemCode code =
        problem_code(base::trim(*name)).value_or(ProblemCode::agent_unreachable);
    if (find_header(head.headers, "parley-not-processed")) {
      Classified out = of_the_mesh(Verdict::not_processed, code);
      out.retry_after = judge::retry_after(head);
      return out;
    }
    const bool gateway = head.status >= 502 && head.status <= 504;
    const bool elsewhere = gateway && code != ProblemCode::no_capable_agent;
    return of_the_mesh(elsewhere ? Verdict::mesh_failure : Verdict::mesh_refusal, code);
  }
  Classified out;
  out.result = score::Result::success;
  out.retry_after = judge::retry_after(head);
  if (const auto grade = find_header(head.headers, "parley-quality")) {
    out.quality = judge::parse_share(*grade);
  }
  if (const auto version = find_header(head.headers, "parley-context-version")) {
    out.context_version = std::string(base::trim(*version).substr(0, context_version_max));
  }
  if (head.status == 429) {
    be(out, Verdict::unavailable, RetryReason::unavailable, score::Result::success);
    out.result.reset();  // it works, only not so often
  } else if (head.status >= 502 && head.status <= 504) {
    be(out, Verdict::unavailable, RetryReason::unavailable, score::Result::protocol);
  } else if (head.status == 508) {
    // It passes on that its own call went in a circle, which it does whoever is asked.
    out.verdict = Verdict::server_error;
  } else if (head.status >= 500) {
    be(out, Verdict::server_error, RetryReason::server_error, score::Result::protocol);
  }
  return out;
}

bool is_older(std::string_view have, std::string_view wanted) {
  if (is_dotted_number(have) && is_dotted_number(wanted)) return is_less(have, wanted);
  const auto a = judge::parse_timestamp(have);
  const auto b = judge::parse_timestamp(wanted);
  if (a && b) return *a < *b;
  return have != wanted;
}

void refine(Classified& classified, const judge::BodyVerdict& body, bool has_check) {
  if (has_check && classified.verdict == Verdict::success) classified.checked = 1;
  switch (body.kind) {
    case judge::BodyVerdict::Kind::fine:
      return;
    case judge::BodyVerdict::Kind::application_error:
      // Its own protocol says what went wrong, so its server did not.
      be(classified, Verdict::application_error, RetryReason::application_error,
         score::Result::application);
      break;
    case judge::BodyVerdict::Kind::check_failed:
      if (classified.verdict != Verdict::success) return;
      classified.checked = 0;
      be(classified, Verdict::low_quality, RetryReason::quality_below_threshold,
         score::Result::quality);
      break;
  }
  classified.why = body.why;
}

void refine(Classified& classified, double never_below, std::string_view context_version) {
  if (classified.verdict != Verdict::success) return;
  if (classified.quality && *classified.quality < never_below) {
    be(classified, Verdict::low_quality, RetryReason::quality_below_threshold,
       score::Result::quality);
    classified.why = "its output is graded too low";
    return;
  }
  const std::string& have = classified.context_version;
  if (context_version.empty() || have.empty() || !is_older(have, context_version)) return;
  be(classified, Verdict::stale_context, RetryReason::stale_context, score::Result::quality);
  classified.why = "its context is older than asked for";
}

Classified classify(AttemptFailure failure) {
  switch (failure) {
    case AttemptFailure::unreachable:
      return of_the_mesh(Verdict::not_processed, ProblemCode::agent_unreachable);
    case AttemptFailure::refused:
    case AttemptFailure::not_sent:
      return of_the_mesh(Verdict::not_processed, ProblemCode::overloaded);
    case AttemptFailure::broken:
    case AttemptFailure::protocol_error: {
      Classified out = of_the_mesh(Verdict::mesh_failure, ProblemCode::agent_unreachable);
      if (failure == AttemptFailure::protocol_error) out.result = score::Result::protocol;
      return out;
    }
    case AttemptFailure::silent:
    case AttemptFailure::timed_out: {
      Classified out = of_the_mesh(Verdict::mesh_failure, ProblemCode::deadline_exceeded);
      out.result = score::Result::transport;
      return out;
    }
  }
  CHECK(false);
  return {};
}

std::string_view to_string(AttemptFailure failure) {
  switch (failure) {
    case AttemptFailure::unreachable:
      return "unreachable";
    case AttemptFailure::refused:
      return "refused";
    case AttemptFailure::broken:
      return "the connection broke";
    case AttemptFailure::timed_out:
      return "no answer in time";
    case AttemptFailure::protocol_error:
      return "what came back is no HTTP";
    case AttemptFailure::silent:
      return "its answer stopped in the middle for longer than timeout.idle";
    case AttemptFailure::not_sent:
      return "not sent, as the request's body was not there";
  }
  CHECK(false);
  return {};
}

bool is_stream(const AnswerHead& head) {
  if (!head.body_size) return true;
  const auto type = find_header(head.headers, "content-type");
  return type && (type->starts_with("text/event-stream") || type->starts_with("application/grpc"));
}

}  // namespace mesh
