// The words of one call, as the data plane's decisions see it: heads, sizes and outcomes, never
// bodies. The shell (node/) and the simulator (sim/) carry these values in and out.
//
// An exchange is one request that arrived at this node: from the agent beside it (origin FromAgent)
// or over a link from another node (FromPeer). A call from A's agent to B's agent is thus one
// exchange at node A, with one attempt to peer B, and one exchange at node B, with one attempt to
// B's own agent.
#pragma once

#include "base/headers.h"
#include "base/ids.h"
#include "base/short_text.h"
#include "base/time.h"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace mesh {

// This node's number for one exchange; the shell counts them up and never uses one twice.
struct ExchangeId {
  std::uint64_t value = 0;
  auto operator<=>(const ExchangeId&) const = default;
};

// Parley-Call: 32 lower-case hexadecimal digits, or empty as long as there is none.
using CallId = base::ShortText<32>;

using base::find_header;
using base::Header;
using base::Headers;

// Whether anything about a call is decided by fields of this name: the shell need carry in no
// other.
[[nodiscard]] bool decides_calls(std::string_view field);
// Of these, the ones that each node sets anew or takes away: what came of them need not be kept for
// the way out.
[[nodiscard]] bool is_set_anew(std::string_view field);

struct FromAgent {
  bool operator==(const FromAgent&) const = default;
};
struct FromPeer {
  base::NodeId node;  // as the link authenticated it
  bool operator==(const FromPeer&) const = default;
};
// A call of the agent that nobody could take at its time; it got its answer then (202).
struct FromQueue {
  CallId deferred;
  bool operator==(const FromQueue&) const = default;
};
using Origin = std::variant<FromAgent, FromPeer, FromQueue>;

struct CallRequest {
  std::string capability;
  std::string method;
  std::string
      rest;  // what follows the capability in the target: "", "/path", "?query", "/path?query"
  Headers headers;  // end-to-end ones as they arrived, at least those that decides_calls() names
  std::optional<std::uint64_t> body_size;  // nothing: unknown
  std::string body_start;                  // as much of it as was there, for estimates
  base::Duration waited{};                 // at this node before it was looked at: its time ran
};

// The head of what an attempt got back.
struct AnswerHead {
  int status = 0;
  Headers headers;
  std::optional<std::uint64_t> body_size;  // nothing: unknown, as in SSE
};

enum class AttemptFailure : std::uint8_t {
  unreachable,     // no connection: the request was not seen, so anyone may try again
  refused,         // the other side says it did not process the request
  broken,          // the connection ended in the middle: it may have run
  timed_out,       // told nothing in time
  protocol_error,  // what came back is not HTTP
  silent,          // nothing of an answer under way for longer than it may pause
  not_sent,        // it stayed here: the body is not whole yet, or no longer kept
};

// Errors that the mesh makes and no agent; SPEC "Codes". The name is also the header Parley-Error.
enum class ProblemCode : std::uint8_t {
  no_capable_agent,
  circuit_open,
  deadline_exceeded,
  agent_unreachable,
  rate_limited,
  overloaded,
  forbidden,
  cycle_detected,
  body_too_large,
  bad_request,
};
[[nodiscard]] std::string_view to_string(ProblemCode code);
[[nodiscard]] std::optional<ProblemCode> problem_code(std::string_view name);
[[nodiscard]] int http_status(ProblemCode code);

// Becomes application/problem+json (RFC 9457) with type urn:parley:error:<code>.
struct Problem {
  ProblemCode code = ProblemCode::bad_request;
  std::string detail;  // one sentence: what, where, what to do
  std::optional<base::Duration> retry_after;
  std::vector<std::string> path;  // for cycle_detected: the names of the nodes passed so far

  bool operator==(const Problem&) const = default;
};

// ---- effects: what the shell must do, in this order ----

struct ToAgent {
  std::string target;  // origin form, to append to the agent's URL: capability path, rest, query
  bool operator==(const ToAgent&) const = default;
};
struct ToPeer {
  base::NodeId node;
  std::string capability;  // to ask for instead of the request's own; "" = that
  bool operator==(const ToPeer&) const = default;
};

// Open a stream beside those under way, and send the request: the received head with `set` put in
// place of fields of the same name, then the body from its first byte. Towards a peer the target is
// /call/{capability}{rest}. While `keep_body`, the body's bytes are kept (up to the shell's bound)
// for one more attempt. An attempt beside another (hedging) may only begin once the body is whole:
// else the shell says that it was not sent.
struct StartAttempt {
  ExchangeId exchange;
  std::uint32_t attempt = 0;  // counts up from 1
  std::variant<ToAgent, ToPeer> to;
  Headers set;
  bool keep_body = false;
  bool last = false;  // no other attempt follows: the head need not be kept either
  bool operator==(const StartAttempt&) const = default;
};

// Abort the stream of this attempt; nothing more will be said about it.
struct CancelAttempt {
  ExchangeId exchange;
  std::uint32_t attempt = 0;
  bool operator==(const CancelAttempt&) const = default;
};

// This attempt's answer is the exchange's answer: pass head (with `set`) and body on. With `hold`,
// keep it back until it is whole, as long as its size is known and small: then a provider that dies
// in the middle of it can still be replaced. Without it the answer counts as started from here on.
struct RelayAnswer {
  ExchangeId exchange;
  std::uint32_t attempt = 0;
  Headers set;
  bool hold = false;
  std::optional<base::Duration> idle;  // after so long without a piece of its body it has failed
  bool operator==(const RelayAnswer&) const = default;
};

// Make an answer up instead of asking anybody, and treat it as what came back from this attempt:
// the policy injects a fault.
struct FabricateAnswer {
  ExchangeId exchange;
  std::uint32_t attempt = 0;
  int status = 0;
  Headers headers;
  std::string body;
  bool operator==(const FabricateAnswer&) const = default;
};

// Keep the answer of this attempt back and hand its body over, answered by on_inspected(): the
// body if it is whole and no larger than this, else nothing. What becomes of the answer is said
// after that.
struct InspectAnswer {
  ExchangeId exchange;
  std::uint32_t attempt = 0;
  std::uint64_t bytes_max = 0;
  std::optional<base::Duration> idle;  // as RelayAnswer's
  bool operator==(const InspectAnswer&) const = default;
};

// Answer with a problem of the mesh's own making; `set` are headers to add.
struct RefuseExchange {
  ExchangeId exchange;
  Problem problem;
  Headers set;
  bool operator==(const RefuseExchange&) const = default;
};

// Keep a copy of this exchange's answer (bounded) until ForgetAnswer, for a duplicate of it.
struct KeepAnswer {
  ExchangeId exchange;
  bool operator==(const KeepAnswer&) const = default;
};
struct ForgetAnswer {
  ExchangeId exchange;
  bool operator==(const ForgetAnswer&) const = default;
};
// Answer `exchange` with the answer kept of `original`.
struct ReplayAnswer {
  ExchangeId exchange;
  ExchangeId original;
  Headers set;
  bool operator==(const ReplayAnswer&) const = default;
};

enum class Outcome : std::uint8_t {
  success,
  application_error,
  quality_failure,  // passed on all the same, as nobody did better
  mesh_error,
  caller_gone,
  deferred,  // kept for a later delivery
};
[[nodiscard]] std::string_view to_string(Outcome outcome);

// The exchange is over, said exactly once for each: for metrics, traces, the audit.
struct ExchangeSettled {
  ExchangeId exchange;
  Outcome outcome = Outcome::success;
  int status = 0;
  std::uint32_t attempts = 0;
  CallId call;
  std::string capability;
  std::string source;       // names of nodes
  std::string destination;  // empty if none was reached
  base::Duration took{};
  bool operator==(const ExchangeSettled&) const = default;
};

// Ask the agent beside this node whether it is well: GET `target`, answered by on_probe().
struct ProbeAgent {
  std::uint64_t probe = 0;
  std::string target;
  base::Duration timeout{};
  bool operator==(const ProbeAgent&) const = default;
};

}  // namespace mesh
