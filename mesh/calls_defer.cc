// Calls that nobody can take now, and their later delivery.
#include "mesh/calls.h"
#include "mesh/refusals.h"

#include <algorithm>
#include <utility>

namespace mesh {

namespace {

const CallPolicy& asked_policy(const Exchange& exchange) {
  return exchange.asked_policy ? *exchange.asked_policy : *exchange.context.policy;
}

// What may be otherwise later.
bool passes_by(ProblemCode code) {
  return code == ProblemCode::no_capable_agent || code == ProblemCode::circuit_open ||
         code == ProblemCode::agent_unreachable || code == ProblemCode::overloaded ||
         code == ProblemCode::rate_limited;
}

base::Notice notice_of_loss(const Deferrals::Entry& entry, std::string_view why) {
  std::string text = "a deferred call to '" + entry.capability + "' was dropped: ";
  text.append(why);
  if (!entry.problem.empty()) text += "; the last try: " + entry.problem;
  return {base::Severity::warning, std::move(text)};
}

}  // namespace

bool Calls::may_defer(const Exchange& exchange) {
  return exchange.from_agent() && exchange.context.policy && asked_policy(exchange).deferral;
}

bool Calls::defer(Exchange& exchange, Problem& problem, base::Instant now, Effects& effects) {
  if (!may_defer(exchange) || leaving_ || !passes_by(problem.code)) return false;
  if (exchange.answer_started || !exchange.body_repeatable) return false;
  if (exchange.perhaps_ran && !exchange.context.idempotent) return false;
  const std::string& capability =
      exchange.asked.empty() ? exchange.request.capability : exchange.asked;
  const Deferral& policy = *asked_policy(exchange).deferral;
  const CallId& id = exchange.context.call;
  const std::string& key = exchange.context.idempotency_key;
  const Deferrals::Admission admission = deferrals_.admit(id, capability, key, policy, now);
  if (const auto* same = std::get_if<CallId>(&admission)) {
    accept(exchange, *deferrals_.find(same->view()), now, effects);
    return true;
  }
  if (std::holds_alternative<Deferrals::Full>(admission)) {
    deferrals_.count_refused();
    problem.detail += " No more calls can be kept for later at this node (defer.maxCalls).";
    return false;
  }
  // A call that may come twice has to be recognised where it runs.
  Headers set{{"traceparent", exchange.context.trace.to_string()},
              {"idempotency-key", key.empty() ? "deferred-" + std::string(id) : key},
              {"grpc-timeout", ""}};
  effects.emplace_back(DeferCall{.exchange = exchange.id,
                                 .id = id,
                                 .capability = capability,
                                 .key = key,
                                 .set = std::move(set),
                                 .age_max = policy.age_max,
                                 .bytes_max = Deferrals::request_bytes_max});
  become(exchange, Deferring{std::move(problem)}, effects);
  exchanges_.arm(exchange);
  return true;
}

void Calls::on_kept(ExchangeId id, const CallId& deferred, std::optional<std::uint64_t> bytes,
                    std::string_view why, base::Instant now, Effects& effects) {
  deferrals_.on_kept(deferred, bytes, now);
  Exchange* exchange = exchanges_.find(id);
  const auto* deferring = exchange != nullptr ? std::get_if<Deferring>(&exchange->phase) : nullptr;
  const Deferrals::Entry* kept = deferrals_.find(deferred.view());
  if (deferring == nullptr) {  // its caller left, or was told something else meanwhile
    if (kept != nullptr) static_cast<void>(deferrals_.drop(deferred));
    if (bytes) effects.emplace_back(ForgetCall{deferred});
    return;
  }
  if (kept != nullptr && bytes) {
    accept(*exchange, *kept, now, effects);
    return;
  }
  Problem problem = deferring->problem;
  problem.code = ProblemCode::overloaded;
  problem.retry_after = problem.retry_after.value_or(retry_after_overload);
  problem.detail.append(" It could not be kept for later: ").append(why).append(".");
  refuse(*exchange, std::move(problem), false, now, effects);
}

void Calls::accept(Exchange& exchange, const Deferrals::Entry& kept, base::Instant now,
                   Effects& effects) {
  effects.emplace_back(
      AcceptExchange{.exchange = exchange.id,
                     .deferred = kept.id,
                     .left = std::max(kept.until - now, base::Duration::zero()),
                     .set = {{"parley-call", exchange.context.call},
                             {"parley-attempts", std::to_string(exchange.attempts)}}});
  settle(exchange, Outcome::deferred, 202, false, now, effects);
}

void Calls::look_after_deferred(base::Instant now, Effects& effects) {
  if (draining_ || leaving_) return;  // what waits on disk is there for the next run
  Deferrals::Due due = deferrals_.on_time(now);
  for (const Deferrals::Entry& entry : due.dropped) {
    effects.emplace_back(ForgetCall{entry.id});
    if (entry.state == Deferrals::State::delivered) continue;
    effects.emplace_back(notice_of_loss(entry, "nobody took it within its age (defer.maxAge)"));
  }
  for (const CallId& id : due.deliver) effects.emplace_back(DeliverCall{id});
}

void Calls::settle_delivery(ExchangeId id, const CallId& deferred, Outcome outcome, int status,
                            std::string trail, base::Instant now, Effects& effects) {
  const bool answered = status > 0 && status < 500 &&
                        (outcome == Outcome::success || outcome == Outcome::application_error);
  const bool keep = answered && deferrals_.find(deferred.view()) != nullptr;
  effects.emplace_back(EndDelivery{id, deferred, keep});
  if (keep) {
    for (const CallId& oldest : deferrals_.on_delivered(deferred, status, now)) {
      effects.emplace_back(ForgetCall{oldest});
    }
    return;
  }
  if (trail.empty()) {
    trail =
        status > 0 ? "answered with " + std::to_string(status) : std::string(to_string(outcome));
  }
  deferrals_.on_undelivered(deferred, std::move(trail), now);
}

void Calls::on_kept_unreadable(const CallId& deferred, bool gone, base::Instant now,
                               Effects& effects) {
  const Deferrals::Entry* entry = deferrals_.find(deferred.view());
  if (entry == nullptr) return;
  if (!gone) {
    deferrals_.on_undelivered(deferred, "its request cannot be read from the disk", now);
    return;
  }
  effects.emplace_back(notice_of_loss(*entry, "its request is not on the disk any more"));
  static_cast<void>(deferrals_.drop(deferred));
  effects.emplace_back(ForgetCall{deferred});
}

void Calls::on_provider(const Provider* before, const Provider& after, base::Instant now) {
  const auto takes = [](const Provider& provider) {
    return provider.descriptor && takes_calls(provider.availability) &&
           provider.availability != Availability::suspect;
  };
  if (!takes(after) || (before != nullptr && takes(*before))) return;
  for (const Capability& capability : after.descriptor->capabilities) {
    on_hope(capability.name, now);
  }
}

void Calls::on_cancelled(const CallId& deferred, Effects& effects) {
  // One under way goes on to its end, and nobody keeps its answer.
  if (deferrals_.drop(deferred)) effects.emplace_back(ForgetCall{deferred});
}

}  // namespace mesh
