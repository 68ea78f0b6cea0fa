// What an agent says in the body of an answer whose status says nothing of it: errors of JSON-RPC
// 2.0, failed tasks of A2A (0.2 to 1.0, as JSON-RPC results and in the REST binding) and tool
// errors of MCP; and whether the output keeps the check that its capability declares.
//
// Of A2A's states `failed` and `rejected` are failures of the agent. `canceled` is not: its client
// asked for that, and it is the good answer to tasks/cancel. `input-required` and `auth-required`
// are questions.
#pragma once

#include "mesh/call.h"
#include "mesh/judge/check.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace mesh::judge {

struct BodyVerdict {
  enum class Kind : std::uint8_t { fine, application_error, check_failed };
  Kind kind = Kind::fine;
  std::string why;  // one short phrase, with at most 80 printable characters of the body

  bool operator==(const BodyVerdict&) const = default;
};

// Whether anything can be learned from the body: it is not encoded, may be small (body_bytes_max)
// and is no stream of events or messages; and it is JSON, or a good answer that is to be checked. A
// body of unknown size may be: the caller stops reading at body_bytes_max.
[[nodiscard]] bool worth_reading(const AnswerHead& head, bool has_check);

// `check` may be null: then only errors are looked for. Only good answers (2xx) are held against
// it.
[[nodiscard]] BodyVerdict judge_body(const AnswerHead& head, std::string_view body,
                                     const CompiledCheck* check);

}  // namespace mesh::judge
