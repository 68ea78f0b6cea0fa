// How calls end.
#include "base/check.h"
#include "mesh/calls.h"
#include "mesh/refusals.h"

#include <algorithm>
#include <utility>

namespace mesh {

namespace {

constexpr std::uint32_t fallbacks_max = 4;

}  // namespace

void Calls::on_caller_gone(ExchangeId id, base::Instant now, Effects& effects) {
  Exchange* exchange = exchanges_.find(id);
  if (exchange == nullptr) return;
  settle(*exchange, Outcome::caller_gone, 0, false, now, effects);
}

void Calls::expire(Exchange& exchange, base::Instant now, Effects& effects) {
  const auto* answering = std::get_if<Answering>(&exchange.phase);
  const int status = answering != nullptr ? answering->status : 0;
  if (answering == nullptr) {
    exchange.failed_further_on = exchange.from_peer() && served_.failed_further_on(exchange.id);
    for (OpenAttempt& attempt : exchange.open) {
      note(exchange, attempt.node, "no answer yet");
      exchange.perhaps_ran = true;
      // Else it is no failure of the agent, which may have been given no time; but so slow it was
      // at least.
      if (!exchange.from_peer() && had_its_time(exchange, attempt, now)) {
        learn_of_timeout(exchange, attempt, now, effects);
        attempt.counted = true;
      }
    }
  }
  abort_others(exchange, 0, now, effects);
  if (exchange.answer_started) {
    settle(exchange, Outcome::mesh_error, status, false, now, effects);
    return;
  }
  // What waits for its body to be kept has asked everybody, and the one that a duplicate waits for
  // asks for both.
  const bool waits = std::holds_alternative<Deferring>(exchange.phase) ||
                     std::holds_alternative<Waiting>(exchange.phase);
  if (!waits && use_the_rest(exchange, now, effects)) return;
  refuse(exchange, too_late(exchange, now), false, now, effects);
}

bool Calls::had_its_time(const Exchange& exchange, const OpenAttempt& attempt, base::Instant now) {
  const base::Duration took = now - attempt.since;
  return took + took / 10 >= exchange.context.policy->timeout.request;  // less the hops' reserves
}

OnTimeout Calls::on_timeout_of(const Exchange& exchange) {
  return exchange.asked_policy ? exchange.asked_policy->timeout.on_timeout
                               : exchange.context.policy->timeout.on_timeout;
}

bool Calls::use_the_rest(Exchange& exchange, base::Instant now, Effects& effects) {
  if (exchange.from_peer() || leaving_ || !exchange.context.policy) return false;
  if (std::max(now, exchange.context.deadline) >= exchange.context.last_moment) return false;
  if (may_escalate(exchange) && escalate(exchange, now, effects)) return true;
  const OnTimeout then = on_timeout_of(exchange);
  const bool falls_back = then == OnTimeout::fallback || then == OnTimeout::escalate_or_fallback;
  if (!falls_back || !may_fall_back(exchange)) return false;
  fall_back(exchange, too_late(exchange, now), now, effects);
  return true;
}

bool Calls::may_escalate(const Exchange& exchange) {
  if (exchange.from_peer() || exchange.escalated) return false;
  if (!exchange.context.idempotent || !exchange.body_repeatable) return false;
  if (exchange.context.deadline >= exchange.context.last_moment) return false;
  const OnTimeout then = on_timeout_of(exchange);
  return then == OnTimeout::escalate || then == OnTimeout::escalate_or_fallback;
}

// It is one attempt beyond those of the policy, but it pays like them: when all agents of a
// capability are slow at once, every call comes here.
bool Calls::escalate(Exchange& exchange, base::Instant now, Effects& effects) {
  exchange.escalated = true;
  const routing::OwnAgent own = own_agent_for(exchange);
  routing::gather(around_.catalogue.providers_of(exchange.request.capability),
                  question_of(exchange, own, routing::Probing::none, now), candidates_);
  if (candidates_.best.empty()) return false;
  if (!budgets_.of(exchange.request.capability).take()) {
    ++around_.counters.retries_denied;
    return false;
  }
  exchange.context.deadline =
      std::min(now + exchange.context.policy->timeout.request, exchange.context.last_moment);
  exchanges_.arm(exchange);
  if (try_next(exchange, routing::Rank::tried_in_vain, now, effects)) return true;
  budgets_.of(exchange.request.capability).give_back();
  return false;
}

bool Calls::may_fall_back(const Exchange& exchange) {
  if (exchange.from_peer() || exchange.answer_started || !exchange.body_repeatable) return false;
  if (exchange.perhaps_ran && !exchange.context.idempotent) return false;
  const CallPolicy& policy =
      exchange.asked_policy ? *exchange.asked_policy : *exchange.context.policy;
  return exchange.fallbacks < std::min<std::size_t>(policy.fallback.size(), fallbacks_max);
}

void Calls::fall_back(Exchange& exchange, Problem problem, base::Instant now, Effects& effects) {
  while (may_fall_back(exchange) && now < exchange.context.last_moment) {
    if (!exchange.asked_policy) {
      exchange.asked_policy = exchange.context.policy;
      exchange.asked = exchange.request.capability;
    }
    leave_place(exchange, std::nullopt, false, now);
    exchange.request.capability = exchange.asked_policy->fallback[exchange.fallbacks];
    ++exchange.fallbacks;
    ++around_.counters.fallbacks;
    exchange.context.policy = around_.policies.of(exchange.request.capability);
    exchange.context.route = exchange.context.policy->route;
    exchange.context.deadline =
        std::min(now + exchange.context.policy->timeout.request, exchange.context.last_moment);
    exchange.attempts_before = exchange.attempts;
    exchange.tried.clear();
    exchange.rejected.clear();
    exchange.escalated = false;
    exchange.outgrown.reset();
    if (std::holds_alternative<BackingOff>(exchange.phase)) exchange.phase = Arrived{};
    exchanges_.arm(exchange);
    // It is a call of the capability that serves it: by its limits, and further attempts there are
    // paid by it.
    if (take_place(exchange, now)) continue;
    const std::string capability = exchange.request.capability;
    const double share = exchange.context.policy->retry.budget;
    if (try_next(exchange, routing::Rank::tried_in_vain, now, effects)) {
      budgets_.of(capability).on_call(share);
      return;
    }
  }
  if (defer(exchange, problem, now, effects)) return;
  refuse(exchange, std::move(problem), false, now, effects);
}

void Calls::refuse(Exchange& exchange, Problem problem, bool not_processed, base::Instant now,
                   Effects& effects) {
  const ProblemCode code = problem.code;
  ++around_.counters.refusals.at(static_cast<std::size_t>(code));
  Headers set;
  if (!exchange.context.call.empty()) set.push_back({"parley-call", exchange.context.call});
  set.push_back({"parley-attempts", std::to_string(exchange.attempts)});
  if (not_processed && exchange.from_peer()) set.push_back({"parley-not-processed", "1"});
  if (!exchange.faults.empty()) set.push_back({"parley-fault", exchange.faults});
  if (exchange.failed_further_on) set.push_back({"parley-failed-further-on", "1"});
  effects.emplace_back(RefuseExchange{exchange.id, std::move(problem), std::move(set)});
  settle(exchange, Outcome::mesh_error, http_status(code), false, now, effects);
}

void Calls::settle(Exchange& exchange, Outcome outcome, int status, bool completed,
                   base::Instant now, Effects& effects) {
  if (const auto* waiting = std::get_if<Waiting>(&exchange.phase)) {
    duplicates_.on_waiting_gone(exchange.id, waiting->original);
  }
  // It may never come to the disk, if its body is not whole: nobody is told what became of that.
  const bool unkept =
      std::holds_alternative<Deferring>(exchange.phase) && outcome != Outcome::deferred;
  if (unkept && deferrals_.drop(exchange.context.call)) {
    effects.emplace_back(ForgetCall{exchange.context.call});
  }
  abort_others(exchange, 0, now, effects);
  // How long a call took that was elsewhere first says nothing about those who serve it.
  const bool served = outcome == Outcome::success && exchange.fallbacks == 0;
  const bool dropped = outcome == Outcome::mesh_error && status >= 500;
  leave_place(exchange, served ? std::optional(now - exchange.arrived) : std::nullopt, dropped,
              now);
  if (exchange.context.serves) {
    const bool tried_in_vain =
        outcome != Outcome::success && outcome != Outcome::caller_gone && exchange.attempts > 0;
    served_.note_further_on(*exchange.context.serves, tried_in_vain);
  }
  tell(exchange, "settled", effects);
  const ExchangeId id = exchange.id;
  const auto* queued = std::get_if<FromQueue>(&exchange.origin);
  const std::optional<CallId> deferred = queued ? std::optional(queued->deferred) : std::nullopt;
  std::string trail = std::move(exchange.trail);
  effects.emplace_back(ExchangeSettled{.exchange = id,
                                       .outcome = outcome,
                                       .status = status,
                                       .attempts = exchange.attempts,
                                       .call = std::move(exchange.context.call),
                                       .capability = std::move(exchange.request.capability),
                                       .source = std::move(exchange.source),
                                       .destination = std::move(exchange.destination),
                                       .took = now - exchange.arrived});
  exchanges_.remove(id);
  const Duplicates::Release released =
      duplicates_.on_settled(id, completed, outcome, status, around_.options, now);
  release(released, id, outcome, status, now, effects);
  if (deferred) settle_delivery(id, *deferred, outcome, status, std::move(trail), now, effects);
}

void Calls::become(Exchange& exchange, Phase phase, Effects& effects) {
  exchange.phase = std::move(phase);
  tell(exchange, to_string(exchange.phase), effects);
}

void Calls::tell(Exchange& exchange, std::string_view phase, Effects& effects) {
  effects.emplace_back(
      base::Transition{.machine = "call", .from = exchange.phase_told, .to = phase, .subject = {}});
  exchange.phase_told = phase;
}

void Calls::release(const Duplicates::Release& release, ExchangeId original, Outcome outcome,
                    int status, base::Instant now, Effects& effects) {
  for (const ExchangeId id : release.waiting) {
    Exchange* exchange = exchanges_.find(id);
    if (exchange == nullptr) continue;
    become(*exchange, Arrived{}, effects);
    if (!release.kept) {
      begin(*exchange, now, effects);  // runs itself, or waits for the first of these
      continue;
    }
    exchange->destination = around_.name;
    effects.emplace_back(ReplayAnswer{id, original, {{"parley-call", exchange->context.call}}});
    settle(*exchange, outcome, status, false, now, effects);
  }
  for (const ExchangeId evicted : release.evicted) effects.emplace_back(ForgetAnswer{evicted});
}

}  // namespace mesh
