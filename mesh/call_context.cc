#include "mesh/call_context.h"

#include "base/strings.h"
#include "mesh/classify.h"
#include "mesh/judge/complexity.h"

#include <algorithm>
#include <array>
#include <utility>

namespace mesh {

namespace {

using std::chrono::milliseconds;

Problem bad_request(std::string detail) {
  return {
      .code = ProblemCode::bad_request, .detail = std::move(detail), .retry_after = {}, .path = {}};
}

// The fields that decisions depend on, from one pass over the headers. Empty: absent, or there with
// nothing in it.
struct Fields {
  std::string_view call;
  std::string_view path;
  std::string_view deadline;
  std::string_view deadline_scope;
  std::string_view grpc_timeout;
  std::string_view traceparent;
  std::string_view idempotency_key;
  std::string_view prefer;
  std::string_view policy;
  std::string_view require;
  std::string_view complexity;
  std::string_view context_version;
  std::string_view priority;
  std::string_view again;

  explicit Fields(const Headers& headers) {
    struct Named {
      std::string_view name;
      std::string_view Fields::*field;
    };
    static constexpr std::array<Named, 14> all{
        {{"parley-call", &Fields::call},
         {"parley-path", &Fields::path},
         {"parley-deadline", &Fields::deadline},
         {"parley-deadline-scope", &Fields::deadline_scope},
         {"grpc-timeout", &Fields::grpc_timeout},
         {"traceparent", &Fields::traceparent},
         {"idempotency-key", &Fields::idempotency_key},
         {"parley-prefer", &Fields::prefer},
         {"parley-policy", &Fields::policy},
         {"parley-require", &Fields::require},
         {"parley-complexity", &Fields::complexity},
         {"parley-context-version", &Fields::context_version},
         {"parley-priority", &Fields::priority},
         {"parley-again", &Fields::again}}};
    for (const Header& header : headers) {
      const auto found = std::ranges::find(all, header.name, &Named::name);
      if (found != all.end()) this->*found->field = base::trim(header.value);
    }
  }
};

bool is_idempotent(std::string_view method) {
  // RFC 9110, section 9.2.2.
  constexpr std::array<std::string_view, 6> methods{"GET",    "HEAD",    "PUT",
                                                    "DELETE", "OPTIONS", "TRACE"};
  return std::ranges::find(methods, method) != methods.end();
}

// At most eight digits and a unit: "2S", "500m"; gRPC over HTTP2, section Requests.
std::optional<base::Duration> parse_grpc_timeout(std::string_view text) {
  if (text.size() < 2 || text.size() > 9) return std::nullopt;
  const auto count = base::parse_unsigned(text.substr(0, text.size() - 1));
  if (!count) return std::nullopt;
  const auto n = static_cast<std::int64_t>(*count);
  switch (text.back()) {
    case 'H':
      return std::chrono::hours(std::min<std::int64_t>(n, 100'000));
    case 'M':
      return std::chrono::minutes(std::min<std::int64_t>(n, 6'000'000));
    case 'S':
      return std::chrono::seconds(n);
    case 'm':
      return milliseconds(n);
    case 'u':
      return std::chrono::microseconds(n);
    case 'n':
      return std::chrono::nanoseconds(n);
    default:
      return std::nullopt;
  }
}

// What the caller asks for itself; nothing if it asks for nothing.
base::Result<std::optional<base::Duration>, Problem> asked_deadline(const Fields& fields) {
  using Asked = std::optional<base::Duration>;
  if (const std::string_view text = fields.deadline; !text.empty()) {
    const Asked deadline = base::parse_duration(text);
    if (deadline) return deadline;
    return base::Unexpected{bad_request("Parley-Deadline is a duration such as 500ms or 2s, not '" +
                                        std::string(text.substr(0, 40)) + "'.")};
  }
  if (const std::string_view text = fields.grpc_timeout; !text.empty()) {
    const Asked deadline = parse_grpc_timeout(text);
    if (deadline) return deadline;
    return base::Unexpected{bad_request("grpc-timeout is digits and a unit such as 2S, not '" +
                                        std::string(text.substr(0, 40)) + "'.")};
  }
  return Asked{};
}

// What the caller says of the request itself.
std::optional<Problem> read_hints(const CallRequest& request, const Fields& fields,
                                  CallContext& out) {
  if (const std::string_view text = fields.complexity; !text.empty()) {
    out.complexity = judge::parse_share(text);
    if (!out.complexity) {
      return bad_request("Parley-Complexity is a number from 0 to 1, not '" +
                         std::string(text.substr(0, 40)) + "'.");
    }
  } else if (out.policy->complexity) {
    out.complexity = judge::estimate_complexity(*out.policy->complexity, request.rest,
                                                request.body_size, request.body_start);
  }
  if (const std::string_view text = fields.priority; !text.empty()) {
    const auto priority = resilience::parse_priority(text);
    if (!priority) {
      return bad_request("Parley-Priority is critical, high, normal or low, not '" +
                         std::string(text.substr(0, 40)) + "'.");
    }
    out.priority = *priority;
  }
  const std::string_view version = fields.context_version;
  if (version.size() > context_version_max) {
    return bad_request("Parley-Context-Version is longer than " +
                       std::to_string(context_version_max) + " bytes.");
  }
  out.context_version = std::string(version);
  return std::nullopt;
}

std::optional<Problem> read_wishes(const CallRequest& request, const Fields& fields,
                                   const PolicyTable& policies, CallContext& out) {
  out.policy = policies.of(request.capability);
  out.route = out.policy->route;
  if (const std::string_view text = fields.policy; !text.empty()) {
    const std::optional<RoutePolicy> route = parse_route_policy(text);
    if (!route) {
      return bad_request(
          "Parley-Policy is one of round_robin, least_loaded, latency, cost, "
          "quality, nearest and preference, not '" +
          std::string(text.substr(0, 40)) + "'.");
    }
    out.route = *route;
  }
  if (const std::string_view text = fields.require; !text.empty()) {
    base::Result<Requirements, std::string> requirements = Requirements::parse(text);
    if (!requirements) return bad_request("Parley-Require: " + requirements.error() + ".");
    out.requirements = std::move(*requirements);
  }
  out.prefer = std::string(fields.prefer);
  out.idempotency_key = std::string(fields.idempotency_key);
  if (out.idempotency_key.size() > 256) {
    return bad_request("Idempotency-Key is longer than 256 bytes.");
  }
  out.idempotent = is_idempotent(request.method) || !out.idempotency_key.empty();
  return read_hints(request, fields, out);
}

// Empty unless it is one.
CallId read_call(std::string_view text) {
  if (text.size() != 32) return {};
  std::array<char, 32> digits;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const char c = text[i];
    const bool capital = c >= 'A' && c <= 'F';
    if (!capital && !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f')) return {};
    digits[i] = capital ? static_cast<char>(c | 0x20) : c;
  }
  return CallId({digits.data(), digits.size()});
}

std::optional<Problem> read_peer_words(const Fields& fields, const Options& options,
                                       CallContext& out) {
  std::optional<Path> path = parse_path(fields.path);
  if (!path) return bad_request("parley-path is not a list of node ids.");
  if (path->size() > options.path_hops_max) {
    return Problem{.code = ProblemCode::cycle_detected,
                   .detail = "The call has passed more than " +
                             std::to_string(options.path_hops_max) + " nodes.",
                   .retry_after = {},
                   .path = {}};
  }
  out.path = std::move(*path);
  out.again = !fields.again.empty();
  out.call = read_call(fields.call);
  return std::nullopt;
}

// The earlier of what is asked for and what the call that the agent is serving has left.
void read_deadline(std::optional<base::Duration> asked, bool to_end,
                   const ServedCalls::Served* inherited, const Options& options, base::Instant now,
                   CallContext& out) {
  out.last_moment = std::min(out.last_moment, now + options.deadline_max);
  if (asked) out.last_moment = std::min(out.last_moment, now + *asked);
  if (inherited != nullptr) {
    out.last_moment = std::min({out.last_moment, inherited->last_moment, inherited->deadline});
  }
  const base::Duration wanted = asked.value_or(out.policy->timeout.request);
  out.deadline = std::min(now + wanted, out.last_moment);
  out.deadline_to_end = asked.has_value() && to_end;
  if (inherited == nullptr || inherited->deadline > out.deadline) return;
  out.deadline = inherited->deadline;
  out.deadline_to_end = out.deadline_to_end || inherited->deadline_to_end;
}

Problem workflow_is_over(const TraceParent& trace, base::Duration time) {
  return {.code = ProblemCode::deadline_exceeded,
          .detail = "The calls of the trace " + std::string(trace.trace_id) + " have had the " +
                    base::format_duration(time) + " of their workflow (timeout.workflow).",
          .retry_after = {},
          .path = {}};
}

std::string milliseconds_of(base::Duration left) {
  return base::format_duration(std::chrono::duration_cast<milliseconds>(left));
}

void strip(const CallRequest& request, std::string_view name, Headers& out) {
  if (find_header(request.headers, name)) out.push_back({std::string(name), ""});
}

void set_flag(const CallRequest& request, std::string_view name, bool flag, Headers& out) {
  if (flag) {
    out.push_back({std::string(name), "1"});
  } else {
    strip(request, name, out);
  }
}

void set_times(const CallRequest& request, base::Duration left, Headers& out) {
  out.push_back({"parley-deadline", milliseconds_of(left)});
  if (!find_header(request.headers, "grpc-timeout")) return;
  const auto count = std::chrono::duration_cast<milliseconds>(left).count();
  out.push_back({"grpc-timeout", std::to_string(std::min<std::int64_t>(count, 99'999'999)) + "m"});
}

}  // namespace

base::Result<CallContext, Problem> read_context(const CallRequest& request, const Origin& origin,
                                                const Options& options, const PolicyTable& policies,
                                                Ongoing ongoing, base::Rng& rng,
                                                base::Instant now) {
  const Fields fields(request.headers);
  CallContext out;
  if (std::optional<Problem> problem = read_wishes(request, fields, policies, out)) {
    return base::Unexpected{std::move(*problem)};
  }
  base::Result<std::optional<base::Duration>, Problem> asked = asked_deadline(fields);
  if (!asked) return base::Unexpected{std::move(asked.error())};

  // What waited so long may wait for what is wanted now.
  const bool queued = std::holds_alternative<FromQueue>(origin);
  if (queued && fields.priority.empty()) out.priority = resilience::Priority::low;
  const std::optional<TraceParent> trace = TraceParent::parse(fields.traceparent);
  const ServedCalls::Served* inherited = nullptr;
  bool to_end = true;
  if (std::holds_alternative<FromPeer>(origin)) {
    if (std::optional<Problem> problem = read_peer_words(fields, options, out)) {
      return base::Unexpected{std::move(*problem)};
    }
    to_end = fields.deadline_scope != "head";
  } else if (std::holds_alternative<FromAgent>(origin)) {
    inherited =
        ongoing.served.find(fields.call, trace ? trace->trace_id.view() : std::string_view());
    if (inherited != nullptr) {
      out.path = inherited->path;
      out.serves = inherited->exchange;
    }
  }
  const bool begins_a_chain = inherited == nullptr && std::holds_alternative<FromAgent>(origin);
  if (begins_a_chain && out.policy->timeout.workflow) {
    const base::Instant began = trace ? ongoing.workflows.began(trace->trace_id.view(), now) : now;
    out.last_moment = began + *out.policy->timeout.workflow;
    if (out.last_moment <= now) {
      return base::Unexpected{workflow_is_over(*trace, *out.policy->timeout.workflow)};
    }
  }
  read_deadline(*asked, to_end, inherited, options, now, out);
  if (out.call.empty()) out.call = random_trace_id(rng);
  if (trace) {
    out.trace = *trace;
  } else {
    out.trace.trace_id = inherited != nullptr ? inherited->trace_id : random_trace_id(rng);
    out.trace.flags = base::ShortText<2>("00");
  }
  out.trace.parent_id = random_span_id(rng);
  return out;
}

base::Duration time_to_pass_on(base::Instant deadline, base::Instant now, const Options& options) {
  if (deadline <= now) return {};
  const base::Duration left = std::min(deadline - now, options.deadline_max);
  const base::Duration share = left / 100 * options.hop_reserve_percent;
  return std::chrono::floor<milliseconds>(left - std::min(share, options.hop_reserve_max));
}

Headers headers_to_peer(const CallRequest& request, const CallContext& context,
                        const base::NodeId& self, base::Duration left, bool again) {
  Path path = context.path;
  if (path.empty() || path.back() != Hop::of(self)) path.push_back(Hop::of(self));
  Headers out;
  out.reserve(8);
  out.push_back({"parley-call", context.call});
  out.push_back({"parley-path", format_path(path)});
  set_times(request, left, out);
  if (!context.deadline_to_end) {
    out.push_back({"parley-deadline-scope", "head"});
  } else {
    strip(request, "parley-deadline-scope", out);
  }
  out.push_back({"traceparent", context.trace.to_string()});
  strip(request, "parley-caller", out);
  set_flag(request, "parley-again", again, out);
  return out;
}

Headers headers_to_agent(const CallRequest& request, const CallContext& context,
                         const base::NodeId& caller, std::string_view caller_name,
                         base::Duration left) {
  Headers out;
  out.reserve(8);
  out.push_back({"parley-call", context.call});
  out.push_back({"parley-caller", caller.hex().append(" ").append(caller_name)});
  set_times(request, left, out);
  out.push_back({"traceparent", context.trace.to_string()});
  strip(request, "parley-path", out);
  strip(request, "parley-deadline-scope", out);
  strip(request, "parley-again", out);
  return out;
}

}  // namespace mesh
