#include "mesh/classify.h"

#include "base/check.h"
#include "base/strings.h"

namespace mesh {

Classified classify(const AnswerHead& head, bool from_peer) {
  if (from_peer) {
    if (const auto name = find_header(head.headers, "parley-error"); name && head.status >= 400) {
      const ProblemCode code =
          problem_code(base::trim(*name)).value_or(ProblemCode::agent_unreachable);
      if (find_header(head.headers, "parley-not-processed")) return {Verdict::not_processed, code};
      const bool gateway = head.status >= 502 && head.status <= 504;
      const bool elsewhere = gateway && code != ProblemCode::no_capable_agent;
      return {elsewhere ? Verdict::mesh_failure : Verdict::mesh_refusal, code};
    }
  }
  if (head.status == 503) return {Verdict::unavailable, std::nullopt};
  if (head.status >= 500) return {Verdict::application_error, std::nullopt};
  return {Verdict::success, std::nullopt};
}

Classified classify(AttemptFailure failure) {
  switch (failure) {
    case AttemptFailure::unreachable:
      return {Verdict::not_processed, ProblemCode::agent_unreachable};
    case AttemptFailure::refused:
      return {Verdict::not_processed, ProblemCode::overloaded};
    case AttemptFailure::broken:
    case AttemptFailure::protocol_error:
      return {Verdict::mesh_failure, ProblemCode::agent_unreachable};
    case AttemptFailure::timed_out:
      return {Verdict::mesh_failure, ProblemCode::deadline_exceeded};
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
