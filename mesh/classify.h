// What an attempt's end means for the call: an answer to pass on, or a reason to try another node.
// The question that decides is whether the request may have run.
#pragma once

#include "base/time.h"
#include "mesh/call.h"
#include "mesh/judge/body.h"
#include "mesh/policy.h"
#include "mesh/score/scorecard.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mesh {

enum class Verdict : std::uint8_t {
  success,            // the agent's answer, below 500
  application_error,  // the agent says in its own words that it failed, whatever the status
  server_error,       // the agent's server failed: 500 or above
  unavailable,        // the agent's own 429, 502, 503 or 504
  low_quality,        // an answer whose output fails its check, or that is graded too low
  stale_context,      // an answer from an older context than the caller asked for
  not_processed,      // the mesh refused before anything ran: anyone may try again
  mesh_failure,       // the mesh at the peer failed, and the request may have run
  mesh_refusal,       // the mesh refused for a reason that holds everywhere, such as a cycle
};

inline constexpr std::size_t context_version_max = 64;  // bytes

struct Classified {
  Verdict verdict = Verdict::success;
  std::optional<ProblemCode> code;  // of what the mesh made
  // What the policy may say about another attempt; nothing: it has no word.
  std::optional<RetryReason> reason;
  // How it counts for the agent; nothing: it says nothing about the agent.
  std::optional<score::Result> result;
  std::optional<base::Duration>
      retry_after;                // the agent, or the peer's mesh, asks for so much time
  std::optional<double> quality;  // that the agent grades itself with, 0..1
  std::optional<double> checked;  // what its declared check came to: 1 or 0
  std::string context_version;    // that the agent says it answered from; "" = nothing
  std::string why;                // of low_quality and application_error, for people
};

// A peer's mesh marks what it makes itself by Parley-Error, and what surely did not run by
// parley-not-processed; an agent that uses those names is not believed.
[[nodiscard]] Classified classify(const AnswerHead& head, bool from_peer);
// Whether a version of a context is older than wanted: numbers of any length, dotted numbers
// ("1.4.0") and timestamps of RFC 3339 have an order. Of anything else, as a digest, only equality
// is known: who has another one may be older.
[[nodiscard]] bool is_older(std::string_view have, std::string_view wanted);
// What its body says besides.
void refine(Classified& classified, const judge::BodyVerdict& body, bool has_check);
// What its head says of the output: graded below `never_below`, or made from an older context than
// `context_version` ("" = any will do).
void refine(Classified& classified, double never_below, std::string_view context_version);
[[nodiscard]] Classified classify(AttemptFailure failure);
[[nodiscard]] std::string_view to_string(AttemptFailure failure);

// Its end is not known when its head is: events, gRPC, or a body without a length.
[[nodiscard]] bool is_stream(const AnswerHead& head);

}  // namespace mesh
