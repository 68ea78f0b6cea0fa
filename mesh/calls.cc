#include "mesh/calls.h"

#include "base/check.h"
#include "mesh/refusals.h"

#include <algorithm>
#include <utility>

namespace mesh {

Calls::Calls(Surroundings around, base::Rng rng)
    : around_(around),
      rng_(rng.fork("calls")),
      fault_draws_(rng.fork("faults")),
      chooser_(rng.fork("routing")),
      lessons_(around),
      deferrals_(rng.fork("deferred")) {}

base::Instant Calls::next_deadline() const {
  return std::min({exchanges_.next_deadline(), duplicates_.next_deadline(),
                   draining_ || leaving_ ? base::Instant::never() : deferrals_.next_deadline()});
}

void Calls::on_time(base::Instant now, Effects& effects) {
  while (Exchange* due = exchanges_.first_due(now)) on_due(*due, now, effects);
  for (const ExchangeId evicted : duplicates_.on_time(now)) {
    effects.emplace_back(ForgetAnswer{evicted});
  }
  look_after_deferred(now, effects);
}

// One thing that is due; each moves its own time on.
void Calls::on_due(Exchange& exchange, base::Instant now, Effects& effects) {
  if (exchange.context.deadline <= now) {
    expire(exchange, now, effects);
    return;
  }
  if (std::holds_alternative<BackingOff>(exchange.phase)) {
    if (!try_next(exchange, routing::Rank::tried_in_vain, now, effects)) {
      fall_back(exchange, all_failed(exchange, ProblemCode::agent_unreachable), now, effects);
    }
    return;
  }
  for (OpenAttempt& attempt : exchange.open) {
    if (attempt.send_at <= now) {
      send_attempt(exchange, attempt, now, effects);
      exchanges_.arm(exchange);
      return;
    }
    if (attempt.give_up <= now) {
      time_out(exchange, attempt.number, now, effects);
      return;
    }
    if (attempt.look_at <= now) {
      attempt.look_at = now + 2 * (now - attempt.since);
      lessons_.on_at_least(exchange, attempt, false, now, effects);
      exchanges_.arm(exchange);
      return;
    }
  }
  const bool hedges =
      std::holds_alternative<Attempting>(exchange.phase) && exchange.hedge_at <= now;
  if (hedges) exchange.hedge_at = base::Instant::never();
  exchanges_.arm(exchange);  // also after a change of phase that moved nothing but its times
  if (hedges) hedge(exchange, now, effects);
}

void Calls::on_leave(base::Instant now, Effects& effects) {
  leaving_ = true;
  while (Exchange* open = exchanges_.first()) expire(*open, now, effects);
}

routing::OwnAgent Calls::own_agent() const {
  return {.node = around_.self,
          .in_flight = at_agent_,
          .full = concurrency_ != 0 && at_agent_ >= concurrency_,
          .unwell = around_.health.condition() == AgentCondition::unhealthy,
          .draining = draining_,
          .latency = lessons_.agent_latency()};
}

void Calls::on_feedback(std::string_view call, double quality, base::Instant now) {
  lessons_.on_feedback(call, quality, now);
}

// ---- admit ----

void Calls::on_call(ExchangeId id, const Origin& origin, CallRequest request, base::Instant now,
                    Effects& effects) {
  ++around_.counters.exchanges;
  const Names names{around_.catalogue, around_.self, around_.name};
  const auto* peer = std::get_if<FromPeer>(&origin);
  const base::Instant arrived = now - request.waited;
  const bool crowded = exchanges_.size() >= around_.options.exchanges_max;
  const bool share_used =
      peer != nullptr && exchanges_.from(peer->node) >= around_.options.exchanges_per_peer_max;
  base::Result<CallContext, Problem> context =
      read_context(request, origin, around_.options, around_.policies,
                   {.served = served_, .workflows = workflows_}, rng_, arrived);
  Exchange& exchange = exchanges_.add({.id = id,
                                       .origin = origin,
                                       .request = std::move(request),
                                       .context = context ? std::move(*context) : CallContext{},
                                       .arrived = arrived,
                                       .source = peer ? names.of(peer->node) : around_.name,
                                       .destination = {},
                                       .phase = Arrived{},
                                       .open = {},
                                       .tried = {},
                                       .rejected = {},
                                       .trail = {},
                                       .asked = {},
                                       .asked_policy = {}});
  if (crowded) {
    refuse(exchange, overloaded("The node " + around_.name + " has too many calls in flight."),
           true, now, effects);
    return;
  }
  if (share_used) {
    refuse(exchange,
           overloaded("The node " + around_.name + " has too many calls of this node in flight."),
           true, now, effects);
    return;
  }
  if (leaving_) {
    refuse(exchange, overloaded("The node " + around_.name + " leaves the mesh."), true, now,
           effects);
    return;
  }
  if (!context) {
    refuse(exchange, std::move(context.error()), false, now, effects);
    return;
  }
  if (std::optional<Problem> problem = admit(exchange, now)) {
    const bool not_processed =
        problem->code != ProblemCode::bad_request && problem->code != ProblemCode::cycle_detected;
    refuse(exchange, std::move(*problem), not_processed, now, effects);
    return;
  }
  begin(exchange, now, effects);
}

std::optional<Problem> Calls::admit(Exchange& exchange, base::Instant now) {
  const std::string& capability = exchange.request.capability;
  if (!is_capability_name(capability)) {
    return Problem{
        .code = ProblemCode::bad_request,
        .detail = "A capability is letters, digits, '_' and '-' in parts joined by dots.",
        .retry_after = std::nullopt,
        .path = {}};
  }
  const auto* peer = std::get_if<FromPeer>(&exchange.origin);
  if (peer != nullptr && passes(exchange.context.path, Hop::of(around_.self))) {
    return cycle(exchange, {around_.catalogue, around_.self, around_.name});
  }
  return take_place(exchange, now);
}

std::optional<Problem> Calls::take_place(Exchange& exchange, base::Instant now) {
  const auto* peer = std::get_if<FromPeer>(&exchange.origin);
  auto [problem, counted] =
      limits_.admit(*exchange.context.policy, peer != nullptr ? peer->node : around_.self,
                    exchange.request.capability, peer != nullptr, exchange.context.priority, now);
  exchange.counted = counted;
  if (problem && problem->code == ProblemCode::rate_limited) ++around_.counters.rate_limited;
  if (problem && problem->code == ProblemCode::overloaded) ++around_.counters.shed;
  return problem;
}

void Calls::leave_place(Exchange& exchange, std::optional<base::Duration> took, bool dropped,
                        base::Instant now) {
  if (!std::exchange(exchange.counted, false)) return;
  limits_.on_settled(exchange.request.capability, took, dropped, now);
}

void Calls::begin(Exchange& exchange, base::Instant now, Effects& effects) {
  if (exchange.from_peer()) {
    serve_peer(exchange, now, effects);
    return;
  }
  if (time_to_pass_on(exchange.context.deadline, now, around_.options) <= base::Duration::zero()) {
    refuse(exchange, too_late(exchange, now), false, now, effects);
    return;
  }
  if (!exchange.paid) {
    exchange.paid = true;
    budgets_.of(exchange.request.capability).on_call(exchange.context.policy->retry.budget);
  }
  if (try_next(exchange, routing::Rank::tried_in_vain, now, effects)) return;
  fall_back(exchange,
            nobody(exchange, candidates_, {around_.catalogue, around_.self, around_.name}, now),
            now, effects);
}

void Calls::serve_peer(Exchange& exchange, base::Instant now, Effects& effects) {
  const base::Duration left = time_to_pass_on(exchange.context.deadline, now, around_.options);
  if (left <= base::Duration::zero()) {
    refuse(exchange, too_late(exchange, now), false, now, effects);
    return;
  }
  if (around_.catalogue.offer(around_.self, exchange.request.capability) == nullptr) {
    refuse(exchange,
           Problem{.code = ProblemCode::no_capable_agent,
                   .detail = "The agent of " + around_.name + " does not have the capability '" +
                             exchange.request.capability + "' (any more).",
                   .retry_after = std::nullopt,
                   .path = {}},
           true, now, effects);
    return;
  }
  start_at_agent(exchange, now, effects);
}

}  // namespace mesh
