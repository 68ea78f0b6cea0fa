#include "mesh/refusals.h"

#include "base/check.h"
#include "base/strings.h"

#include <algorithm>
#include <utility>

namespace mesh {

namespace {

Problem problem(ProblemCode code, std::string detail) {
  return {.code = code, .detail = std::move(detail), .retry_after = std::nullopt, .path = {}};
}

std::string in_quotes(std::string_view word) {
  return "'" + std::string(word) + "'";
}

}  // namespace

std::string Names::of(const base::NodeId& node) const {
  if (node == self) return self_name;
  const Provider* provider = catalogue.find(node);
  return provider != nullptr && !provider->name.empty() ? provider->name : node.short_hex();
}

// Found by its first bytes, by which the providers are in order too.
std::string Names::of(Hop hop) const {
  if (hop == Hop::of(self)) return self_name;
  base::NodeId first;
  for (unsigned i = 0; i < 8; ++i) {
    first.bytes.at(i) = static_cast<std::byte>(hop.value >> (56 - 8 * i));
  }
  const auto found = catalogue.providers().lower_bound(first);
  const bool known = found != catalogue.providers().end() && Hop::of(found->first) == hop;
  return known ? of(found->first) : format_path({hop});
}

std::vector<std::string> Names::of(const Path& path) const {
  std::vector<std::string> out;
  for (const Hop hop : path) out.push_back(of(hop));
  return out;
}

Problem overloaded(std::string detail) {
  Problem out = problem(ProblemCode::overloaded, std::move(detail));
  out.retry_after = retry_after_overload;
  return out;
}

Problem nobody(const Exchange& exchange, const routing::Candidates& candidates, const Names& names,
               base::Instant now) {
  const std::string& capability = exchange.request.capability;
  if (candidates.offers == 0) {
    std::string detail = "No agent has the capability " + in_quotes(capability) + ".";
    if (const auto nearest = names.catalogue.nearest_name(capability)) {
      detail += " Did you mean " + in_quotes(*nearest) + "?";
    }
    return problem(ProblemCode::no_capable_agent, std::move(detail));
  }
  const std::string count = std::to_string(candidates.offers);
  const std::string agents = " of " + count + " with the capability " + in_quotes(capability);
  if (candidates.unmet == candidates.offers) {
    return problem(
        ProblemCode::no_capable_agent,
        "No agent" + agents + " meets the requirements " +
            in_quotes(find_header(exchange.request.headers, "parley-require").value_or("")) + ".");
  }
  if (candidates.in_path > 0) return cycle(exchange, names);
  if (candidates.full > 0) {
    return overloaded("The only agent left" + agents + " is at its limit of calls at once.");
  }
  if (candidates.open + candidates.waiting > 0) {
    const bool open = candidates.open > 0;
    Problem out = problem(
        open ? ProblemCode::circuit_open : ProblemCode::rate_limited,
        (open ? "The circuit breakers of " + std::to_string(candidates.open)
              : std::to_string(candidates.waiting)) +
            agents +
            (open ? " are open after too many failures." : " asked to be left alone for a while."));
    out.retry_after = std::max<base::Duration>(candidates.retry_at - now, retry_after_overload);
    return out;
  }
  if (candidates.below > 0) {
    Problem out = problem(ProblemCode::no_capable_agent,
                          "The output of " + std::to_string(candidates.below) + agents +
                              " is below what the policy takes (neverBelow).");
    out.retry_after = retry_after_overload;
    return out;
  }
  if (candidates.unwell > 0) {
    return problem(ProblemCode::agent_unreachable,
                   "The only agent left" + agents + " is beside this node and unhealthy.");
  }
  return problem(ProblemCode::no_capable_agent,
                 "No agent" + agents + " is available: the rest is draining, left or dead.");
}

Problem all_failed(const Exchange& exchange, ProblemCode code) {
  std::string detail =
      exchange.attempts == 1 ? "The only attempt failed (" : "All attempts failed (";
  detail += exchange.trail + ").";
  const bool full = code == ProblemCode::overloaded || code == ProblemCode::rate_limited;
  if (!full) return problem(code, std::move(detail));
  Problem out = overloaded(std::move(detail));
  out.code = code;
  out.retry_after = exchange.retry_after.value_or(retry_after_overload);
  return out;
}

Problem too_late(const Exchange& exchange, base::Instant now) {
  std::string detail = "No answer within " + base::format_duration(now - exchange.arrived) + "; ";
  detail += exchange.attempts == 0 ? "nothing was started." : "attempts: " + exchange.trail + ".";
  return problem(ProblemCode::deadline_exceeded, std::move(detail));
}

Problem cycle(const Exchange& exchange, const Names& names) {
  Problem out = problem(ProblemCode::cycle_detected,
                        "The call for " + in_quotes(exchange.request.capability) +
                            " would come back to a node that it has passed.");
  out.path = names.of(exchange.context.path);
  // A peer sent it here again: say where the circle closes.
  if (exchange.from_peer()) out.path.push_back(names.self_name);
  return out;
}

Problem own_agent_refuses(routing::Exclusion exclusion, const std::string& name) {
  switch (exclusion) {
    case routing::Exclusion::own_agent_full:
      return overloaded("The agent of " + name + " is at its limit of calls at once.");
    case routing::Exclusion::own_agent_draining:
    case routing::Exclusion::unavailable:
      return overloaded("The node " + name + " is draining.");
    case routing::Exclusion::own_agent_unwell:
      return problem(ProblemCode::agent_unreachable, "The agent of " + name + " is unhealthy.");
    case routing::Exclusion::none:
    case routing::Exclusion::unmet:
    case routing::Exclusion::in_path:
    case routing::Exclusion::under_way:
    case routing::Exclusion::not_expert:
    case routing::Exclusion::breaker_open:
    case routing::Exclusion::waiting:
    case routing::Exclusion::below_quality:
      break;
  }
  CHECK(false);
  return {};
}

}  // namespace mesh
