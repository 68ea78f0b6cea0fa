// What an arriving request says about the call it is part of: identity, caller, trace, path,
// deadline and the caller's wishes for routing. Words about identity and path are believed from a
// peer, whose link is authenticated, and never from the agent beside this node: an agent's call
// belongs to what it is serving if it names it by Parley-Call or traceparent, and else begins
// something new.
//
// Between nodes: parley-path is the comma-separated short forms (16 hexadecimal digits) of the
// nodes passed; parley-deadline the time left; `parley-deadline-scope: head` says that it ends with
// the head of a streaming answer, because no caller asked for it. Times shrink by a reserve at each
// hop.
#pragma once

#include "base/ids.h"
#include "base/result.h"
#include "base/rng.h"
#include "base/time.h"
#include "mesh/call.h"
#include "mesh/options.h"
#include "mesh/policy_table.h"
#include "mesh/requirements.h"
#include "mesh/resilience/shedding.h"
#include "mesh/served_calls.h"
#include "mesh/trace_context.h"
#include "mesh/workflows.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mesh {

struct CallContext {
  CallId call;
  TraceParent trace;  // with the span of this node as the parent
  Path path;          // the nodes passed before this one, or already counted
  base::Instant deadline = base::Instant::never();
  bool deadline_to_end = false;  // it was asked for, so it holds for a stream's end as well
  std::string idempotency_key;   // "" = none
  bool idempotent = false;       // by method or key
  std::string prefer;            // Parley-Prefer, "" = none
  // From the first call of a chain, for all of it; what is left after this capability's own
  // deadline may be used for fallbacks.
  base::Instant last_moment = base::Instant::never();
  std::optional<double> complexity;  // Parley-Complexity or the policy's estimate, 0..1
  std::string context_version;       // that the answer must be made from at least; "" = any
  resilience::Priority priority = resilience::Priority::normal;
  std::optional<ExchangeId> serves;  // what the own agent makes this call for, if it said so
  bool again = false;  // the caller saw this node's answer to this call, and did not take it
  RoutePolicy route = RoutePolicy::least_loaded;
  std::shared_ptr<const CallPolicy> policy;  // shared with the table; null only if reading failed
  Requirements requirements;
};

// What a call of the agent beside this node may be part of.
struct Ongoing {
  const ServedCalls& served;
  Workflows& workflows;
};

// The problem is one of the caller's making (bad_request), a path that is too long, or that the
// time of its workflow is over.
[[nodiscard]] base::Result<CallContext, Problem> read_context(
    const CallRequest& request, const Origin& origin, const Options& options,
    const PolicyTable& policies, Ongoing ongoing, base::Rng& rng, base::Instant now);

// What is left to pass on at the next hop, after the reserve and rounded down to milliseconds;
// zero: too late to start anything.
[[nodiscard]] base::Duration time_to_pass_on(base::Instant deadline, base::Instant now,
                                             const Options& options);

// The fields to set on the way out; fields that must not pass are set to nothing.
[[nodiscard]] Headers headers_to_peer(const CallRequest& request, const CallContext& context,
                                      const base::NodeId& self, base::Duration left, bool again);
[[nodiscard]] Headers headers_to_agent(const CallRequest& request, const CallContext& context,
                                       const base::NodeId& caller, std::string_view caller_name,
                                       base::Duration left);

}  // namespace mesh
