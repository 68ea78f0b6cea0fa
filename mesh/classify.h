// What an attempt's end means for the call: an answer to pass on, or a reason to try another node.
// The question that decides is whether the request may have run.
#pragma once

#include "mesh/call.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace mesh {

enum class Verdict : std::uint8_t {
  success,            // the agent's answer, below 500
  application_error,  // the agent's answer, 500 or above
  unavailable,        // the agent's own 503: the policy says whether to try another
  not_processed,      // the mesh refused before anything ran: anyone may try again
  mesh_failure,       // the mesh at the peer failed, and the request may have run
  mesh_refusal,       // the mesh refused for a reason that holds everywhere, such as a cycle
};

struct Classified {
  Verdict verdict = Verdict::success;
  std::optional<ProblemCode> code;  // of what the mesh made
};

// A peer's mesh marks what it makes itself by Parley-Error, and what surely did not run by
// parley-not-processed; an agent that uses those names is not believed.
[[nodiscard]] Classified classify(const AnswerHead& head, bool from_peer);
[[nodiscard]] Classified classify(AttemptFailure failure);
[[nodiscard]] std::string_view to_string(AttemptFailure failure);

// Its end is not known when its head is: events, gRPC, or a body without a length.
[[nodiscard]] bool is_stream(const AnswerHead& head);

}  // namespace mesh
