#include "mesh/calls.h"

#include "base/check.h"
#include "base/match.h"
#include "mesh/refusals.h"
#include "mesh/resilience/retry.h"

#include <algorithm>
#include <utility>

namespace mesh {

namespace {

// Old samples weigh a fifth less with each new one.
base::Duration averaged(base::Duration average, base::Duration sample) {
  if (average == base::Duration::zero()) return std::max(sample, base::Duration(1));
  return std::max(average + (sample - average) / 5, base::Duration(1));
}

const Catalogue::Offer* offer_of(const Catalogue::Offers& offers, const base::NodeId& node) {
  const auto at = std::ranges::lower_bound(
      offers, node, {}, [](const Catalogue::Offer& offer) { return offer.entry->node; });
  return at != offers.end() && at->entry->node == node ? &*at : nullptr;
}

// What stands before the capability's own path and the caller's rest, in origin form.
std::string agent_target(const Capability& capability, const std::string& rest) {
  std::string target = capability.path + rest;
  if (target.empty() || target.front() != '/') target.insert(target.begin(), '/');
  return target;
}

void note(Exchange& exchange, std::string_view what) {
  if (!exchange.trail.empty()) exchange.trail += "; ";
  exchange.trail += exchange.destination;
  exchange.trail += ": ";
  exchange.trail += what;
}

std::string_view words_of(const Classified& classified) {
  return classified.code ? to_string(*classified.code) : std::string_view("unavailable");
}

}  // namespace

Calls::Calls(Surroundings around, base::Rng rng)
    : around_(around), rng_(rng.fork("calls")), chooser_(rng.fork("routing")) {}

base::Instant Calls::next_deadline() const {
  return std::min(exchanges_.next_deadline(), duplicates_.next_deadline());
}

void Calls::on_time(base::Instant now, Effects& effects) {
  while (Exchange* due = exchanges_.first_due(now)) expire(*due, now, effects);
  for (const ExchangeId evicted : duplicates_.on_time(now)) {
    effects.emplace_back(ForgetAnswer{evicted});
  }
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
          .latency = agent_latency_};
}

// ---- admit ----

void Calls::on_call(ExchangeId id, const Origin& origin, CallRequest request, base::Instant now,
                    Effects& effects) {
  ++around_.counters.exchanges;
  const Names names{around_.catalogue, around_.self, around_.name};
  const bool crowded = exchanges_.size() >= around_.options.exchanges_max;
  base::Result<CallContext, Problem> context =
      read_context(request, origin, around_.options, around_.policies, served_, rng_, now);
  const auto* peer = std::get_if<FromPeer>(&origin);
  Exchange& exchange = exchanges_.add({.id = id,
                                       .origin = origin,
                                       .request = std::move(request),
                                       .context = context ? std::move(*context) : CallContext{},
                                       .arrived = now,
                                       .source = peer ? names.of(peer->node) : around_.name,
                                       .destination = {},
                                       .phase = Arrived{},
                                       .tried = {},
                                       .trail = {}});
  if (crowded) {
    refuse(exchange, overloaded("The node " + around_.name + " has too many calls in flight."),
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
  if (std::optional<Problem> problem = admit(exchange)) {
    refuse(exchange, std::move(*problem), false, now, effects);
    return;
  }
  begin(exchange, now, effects);
}

std::optional<Problem> Calls::admit(const Exchange& exchange) const {
  if (!is_capability_name(exchange.request.capability)) {
    return Problem{
        .code = ProblemCode::bad_request,
        .detail = "A capability is letters, digits, '_' and '-' in parts joined by dots.",
        .retry_after = std::nullopt,
        .path = {}};
  }
  if (exchange.from_peer() && passes(exchange.context.path, Hop::of(around_.self))) {
    return cycle(exchange, {around_.catalogue, around_.self, around_.name});
  }
  return std::nullopt;
}

// ---- candidates, choose ----

void Calls::begin(Exchange& exchange, base::Instant now, Effects& effects) {
  if (exchange.from_peer()) {
    serve_peer(exchange, now, effects);
    return;
  }
  if (time_to_pass_on(exchange.context.deadline, now, around_.options) <= base::Duration::zero()) {
    refuse(exchange, too_late(exchange, now), false, now, effects);
    return;
  }
  if (try_next(exchange, routing::Rank::joining, now, effects)) return;
  refuse(exchange, nobody(exchange, candidates_, {around_.catalogue, around_.self, around_.name}),
         false, now, effects);
}

bool Calls::try_next(Exchange& exchange, routing::Rank worst, base::Instant now, Effects& effects) {
  const base::Duration left = time_to_pass_on(exchange.context.deadline, now, around_.options);
  if (left <= base::Duration::zero()) return false;
  const routing::OwnAgent own = own_agent();
  const Catalogue::Offers& offers = around_.catalogue.providers_of(exchange.request.capability);
  routing::gather(offers,
                  {.requirements = exchange.context.requirements,
                   .path = exchange.context.path,
                   .tried = exchange.tried,
                   .own = own,
                   .now = now},
                  candidates_);
  exchange.offers = candidates_.offers;
  if (candidates_.best.empty() || candidates_.rank > worst) return false;
  const routing::Candidate chosen = chooser_.choose(candidates_,
                                                    {.capability = exchange.request.capability,
                                                     .prefer = exchange.context.prefer,
                                                     .route = exchange.context.route,
                                                     .nodes = exchange.context.policy->prefer},
                                                    own, now);
  abort_attempt(exchange, effects);
  if (exchange.attempts > 0) ++around_.counters.retries;
  if (chosen.local) {
    start_at_agent(exchange, *chosen.offer->capability, left, now, effects);
  } else {
    start_at_peer(exchange, *chosen.offer->entry, left, now, effects);
  }
  return true;
}

void Calls::serve_peer(Exchange& exchange, base::Instant now, Effects& effects) {
  const base::Duration left = time_to_pass_on(exchange.context.deadline, now, around_.options);
  if (left <= base::Duration::zero()) {
    refuse(exchange, too_late(exchange, now), false, now, effects);
    return;
  }
  const Catalogue::Offer* offer =
      offer_of(around_.catalogue.providers_of(exchange.request.capability), around_.self);
  if (offer == nullptr) {
    refuse(exchange,
           Problem{.code = ProblemCode::no_capable_agent,
                   .detail = "The agent of " + around_.name + " does not have the capability '" +
                             exchange.request.capability + "' (any more).",
                   .retry_after = std::nullopt,
                   .path = {}},
           true, now, effects);
    return;
  }
  start_at_agent(exchange, *offer->capability, left, now, effects);
}

// ---- attempt ----

void Calls::start_at_agent(Exchange& exchange, const Capability& capability, base::Duration left,
                           base::Instant now, Effects& effects) {
  if (!is_fresh(exchange, now, effects)) return;
  // A peer's duplicate may wait or be replayed even then, so this comes after it.
  const routing::OwnAgent own = own_agent();
  if (own.draining || own.unwell || own.full) {
    const routing::Exclusion exclusion = own.draining ? routing::Exclusion::own_agent_draining
                                         : own.unwell ? routing::Exclusion::own_agent_unwell
                                                      : routing::Exclusion::own_agent_full;
    refuse(exchange, own_agent_refuses(exclusion, around_.name), true, now, effects);
    return;
  }
  run_at_agent(exchange, capability, left, now, effects);
}

bool Calls::is_fresh(Exchange& exchange, base::Instant now, Effects& effects) {
  const auto* peer = std::get_if<FromPeer>(&exchange.origin);
  const Duplicates::Identity identity{
      .caller = peer ? peer->node : around_.self,
      .capability = exchange.request.capability,
      .idempotency_key = exchange.context.idempotency_key,
      .call = peer ? std::string_view(exchange.context.call) : std::string_view()};
  const Duplicates::Verdict verdict =
      duplicates_.on_execution(exchange.id, identity, around_.options);
  if (std::holds_alternative<Duplicates::Fresh>(verdict)) return true;
  ++around_.counters.duplicates;
  base::match(
      verdict, [](const Duplicates::Fresh&) {},
      [&](const Duplicates::Running& running) {
        become(exchange, Waiting{running.original}, effects);
      },
      [&](const Duplicates::Kept& kept) {
        exchange.destination = around_.name;
        effects.emplace_back(
            ReplayAnswer{exchange.id, kept.original, {{"parley-call", exchange.context.call}}});
        settle(exchange, kept.outcome, kept.status, false, now, effects);
      },
      [&](const Duplicates::NotKept&) {
        refuse(exchange,
               Problem{.code = ProblemCode::bad_request,
                       .detail = "The same call ran already and its answer was not kept.",
                       .retry_after = std::nullopt,
                       .path = {}},
               false, now, effects);
      },
      [&](const Duplicates::Crowded&) {
        refuse(exchange, overloaded("Too many duplicates wait for the same call."), false, now,
               effects);
      });
  return false;
}

void Calls::run_at_agent(Exchange& exchange, const Capability& capability, base::Duration left,
                         base::Instant now, Effects& effects) {
  const auto* peer = std::get_if<FromPeer>(&exchange.origin);
  exchange.destination = around_.name;
  exchange.tried.push_back(around_.self);
  ++exchange.attempts;
  ++around_.counters.attempts;
  ++at_agent_;
  become(exchange, Attempting{exchange.attempts, around_.self, now}, effects);
  Path path = exchange.context.path;
  if (path.empty() || path.back() != Hop::of(around_.self)) path.push_back(Hop::of(around_.self));
  served_.put({.exchange = exchange.id,
               .path = std::move(path),
               .deadline = exchange.context.deadline,
               .deadline_to_end = exchange.context.deadline_to_end,
               .call = exchange.context.call,
               .trace_id = exchange.context.trace.trace_id});
  effects.emplace_back(
      attempt_at(exchange, ToAgent{agent_target(capability, exchange.request.rest)},
                 headers_to_agent(exchange.request, exchange.context,
                                  peer ? peer->node : around_.self, exchange.source, left)));
}

void Calls::start_at_peer(Exchange& exchange, const Catalogue::Entry& entry, base::Duration left,
                          base::Instant now, Effects& effects) {
  exchange.destination = entry.provider.name.empty() ? entry.node.short_hex() : entry.provider.name;
  exchange.tried.push_back(entry.node);
  ++exchange.attempts;
  ++around_.counters.attempts;
  Standing* standing = around_.catalogue.standing(entry.node);
  CHECK(standing != nullptr);
  ++standing->outstanding;
  become(exchange, Attempting{exchange.attempts, entry.node, now}, effects);
  effects.emplace_back(
      attempt_at(exchange, ToPeer{entry.node},
                 headers_to_peer(exchange.request, exchange.context, around_.self, left)));
}

// A body is kept if there is somebody else to send it to. If there is not, and somebody comes up
// when it is gone, that one cannot have the call.
StartAttempt Calls::attempt_at(Exchange& exchange, std::variant<ToAgent, ToPeer> to, Headers set) {
  const bool may_follow = !exchange.from_peer() && exchange.body_repeatable &&
                          exchange.attempts < exchange.context.policy->retry.attempts;
  const bool keep_body = may_follow && exchange.offers > exchange.tried.size();
  if (!keep_body && exchange.request.body_size != 0) exchange.body_repeatable = false;
  return {.exchange = exchange.id,
          .attempt = exchange.attempts,
          .to = std::move(to),
          .set = std::move(set),
          .keep_body = keep_body,
          .last = !may_follow};
}

// The load that the attempt was is gone, and the agent no longer serves it.
void Calls::end_attempt(Exchange& exchange) {
  const base::NodeId* node = exchange.open_at();
  if (node == nullptr) return;
  if (*node == around_.self) {
    CHECK(at_agent_ > 0);
    --at_agent_;
    served_.remove(exchange.id);
  } else if (Standing* standing = around_.catalogue.standing(*node)) {
    // A provider that went and came back starts from nothing.
    if (standing->outstanding > 0) --standing->outstanding;
  }
  exchange.phase = Arrived{};  // only until it tries again or settles, which is what is told
}

void Calls::abort_attempt(Exchange& exchange, Effects& effects) {
  const std::uint32_t attempt = exchange.open_attempt();
  if (attempt == 0) return;
  effects.emplace_back(CancelAttempt{exchange.id, attempt});
  end_attempt(exchange);
}

// ---- classify ----

void Calls::on_answered(ExchangeId id, std::uint32_t attempt, const AnswerHead& head,
                        base::Instant now, Effects& effects) {
  Exchange* exchange = exchanges_.find(id);
  if (exchange == nullptr) return;
  const auto* attempting = std::get_if<Attempting>(&exchange->phase);
  if (attempting == nullptr || attempting->attempt != attempt) return;
  const Attempting current = *attempting;
  const Classified classified = classify(head, current.node != around_.self);
  learn(*exchange, current, classified, now);
  const bool of_the_mesh =
      classified.verdict == Verdict::not_processed || classified.verdict == Verdict::mesh_failure;
  const bool again = may_retry(*exchange, classified.verdict);
  if (again || of_the_mesh) note(*exchange, words_of(classified));
  if (again && try_next(*exchange, routing::Rank::joining, now, effects)) return;
  if (of_the_mesh && exchange->attempts > 1) {
    abort_attempt(*exchange, effects);
    refuse(*exchange, all_failed(*exchange, *classified.code), false, now, effects);
    return;
  }
  relay(*exchange, current, head, classified, effects);
}

bool Calls::may_retry(const Exchange& exchange, Verdict verdict) const {
  if (exchange.from_peer()) return false;
  return resilience::may_retry(
      {.idempotent = exchange.context.idempotent,
       .body_repeatable = exchange.body_repeatable,
       .answer_started = exchange.answer_started,
       .retry_unavailable = exchange.context.policy->retry.on.has(RetryReason::unavailable),
       .attempts = exchange.attempts,
       .attempts_max = exchange.context.policy->retry.attempts},
      verdict);
}

void Calls::relay(Exchange& exchange, const Attempting& attempt, const AnswerHead& head,
                  const Classified& classified, Effects& effects) {
  const bool served = !classified.code;
  Headers set;
  set.reserve(3);
  set.push_back({"parley-call", exchange.context.call});
  set.push_back({"parley-attempts", std::to_string(exchange.attempts)});
  if (served) {
    set.push_back({"parley-served-by", exchange.destination});
    if (find_header(head.headers, "parley-error")) set.push_back({"parley-error", ""});
  }
  if (find_header(head.headers, "parley-not-processed"))
    set.push_back({"parley-not-processed", ""});

  const bool hold = may_retry(exchange, Verdict::mesh_failure) &&
                    exchange.offers > exchange.tried.size() && head.body_size &&
                    *head.body_size <= around_.options.held_answer_max;
  exchange.answer_started = !hold;
  if (is_stream(head) && !exchange.context.deadline_to_end) {
    exchanges_.move_deadline(exchange, base::Instant::never());
    served_.lift_deadline(exchange.id);
  }
  become(exchange, Answering{attempt.attempt, attempt.node, classified.verdict, head.status},
         effects);
  const bool keepable = served && classified.verdict != Verdict::unavailable;
  if (keepable && duplicates_.on_answer(exchange.id)) effects.emplace_back(KeepAnswer{exchange.id});
  effects.emplace_back(RelayAnswer{exchange.id, attempt.attempt, std::move(set), hold});
}

void Calls::on_completed(ExchangeId id, std::uint32_t attempt, base::Instant now,
                         Effects& effects) {
  Exchange* exchange = exchanges_.find(id);
  if (exchange == nullptr) return;
  const auto* answering = std::get_if<Answering>(&exchange->phase);
  if (answering == nullptr || answering->attempt != attempt) return;
  const Answering end = *answering;
  switch (end.verdict) {
    case Verdict::success:
      settle(*exchange, Outcome::success, end.status, true, now, effects);
      return;
    case Verdict::application_error:
      settle(*exchange, Outcome::application_error, end.status, true, now, effects);
      return;
    case Verdict::unavailable:
      settle(*exchange, Outcome::application_error, end.status, false, now, effects);
      return;
    case Verdict::not_processed:
    case Verdict::mesh_failure:
    case Verdict::mesh_refusal:
      settle(*exchange, Outcome::mesh_error, end.status, false, now, effects);
      return;
  }
  CHECK(false);
}

void Calls::on_failed(ExchangeId id, std::uint32_t attempt, AttemptFailure failure,
                      base::Instant now, Effects& effects) {
  Exchange* exchange = exchanges_.find(id);
  if (exchange == nullptr || attempt == 0 || exchange->open_attempt() != attempt) return;
  const auto* attempting = std::get_if<Attempting>(&exchange->phase);
  const auto* answering = std::get_if<Answering>(&exchange->phase);
  const int status = answering != nullptr ? answering->status : 0;
  const base::NodeId node = attempting != nullptr ? attempting->node : answering->node;
  // After a head the request was at work, whatever the failure is called.
  const Classified classified =
      answering != nullptr ? classify(AttemptFailure::broken) : classify(failure);
  learn_failure(node, failure == AttemptFailure::unreachable, now);
  note(*exchange, to_string(failure));
  end_attempt(*exchange);  // the shell has dropped it already: nothing to cancel
  if (exchange->answer_started) {
    settle(*exchange, Outcome::mesh_error, status, false, now, effects);
    return;
  }
  if (may_retry(*exchange, classified.verdict) &&
      try_next(*exchange, routing::Rank::joining, now, effects))
    return;
  refuse(*exchange, all_failed(*exchange, *classified.code),
         exchange->from_peer() && classified.verdict == Verdict::not_processed, now, effects);
}

void Calls::learn(const Exchange& /*exchange*/, const Attempting& attempt,
                  const Classified& classified, base::Instant now) {
  if (classified.code == ProblemCode::agent_unreachable) {
    learn_failure(attempt.node, false, now);
    return;
  }
  if (Standing* standing = around_.catalogue.standing(attempt.node)) {
    standing->failures = 0;
    standing->avoid_until = {};
  }
  if (attempt.node == around_.self) around_.health.on_reached();
  // A refusal is quick and says nothing about how long work takes.
  if (!classified.code) learn_latency(attempt.node, now - attempt.since, now);
}

void Calls::learn_failure(const base::NodeId& node, bool unreachable, base::Instant now) {
  if (node == around_.self) {
    if (unreachable) around_.health.on_unreachable(around_.options, now);
    return;
  }
  Standing* standing = around_.catalogue.standing(node);
  if (standing == nullptr) return;
  const std::uint32_t doublings = std::min<std::uint32_t>(standing->failures, 16);
  ++standing->failures;
  standing->avoid_until =
      now + std::min(around_.options.penalty_min * (std::int64_t{1} << doublings),
                     around_.options.penalty_max);
}

void Calls::learn_latency(const base::NodeId& node, base::Duration took, base::Instant now) {
  if (node == around_.self) {
    agent_latency_ = averaged(agent_latency_, took);
    return;
  }
  Standing* standing = around_.catalogue.standing(node);
  if (standing == nullptr) return;
  standing->latency = averaged(standing->latency, took);
  standing->latency_seen = now;
}

void Calls::on_unrepeatable(ExchangeId id) {
  if (Exchange* exchange = exchanges_.find(id)) exchange->body_repeatable = false;
}

void Calls::on_answer_started(ExchangeId id) {
  if (Exchange* exchange = exchanges_.find(id)) exchange->answer_started = true;
}

// ---- settle ----

void Calls::on_caller_gone(ExchangeId id, base::Instant now, Effects& effects) {
  Exchange* exchange = exchanges_.find(id);
  if (exchange == nullptr) return;
  abort_attempt(*exchange, effects);
  settle(*exchange, Outcome::caller_gone, 0, false, now, effects);
}

void Calls::on_suspect(const base::NodeId& node, base::Instant now, Effects& effects) {
  for (const ExchangeId id : exchanges_.open_at(node)) {
    Exchange* exchange = exchanges_.find(id);
    if (exchange == nullptr || !may_retry(*exchange, Verdict::mesh_failure)) continue;
    const std::string trail = exchange->trail;
    note(*exchange, "suspected to be dead");
    // If all are suspect it is more likely us, and there is nothing to gain.
    if (!try_next(*exchange, routing::Rank::degraded, now, effects)) exchange->trail = trail;
  }
}

void Calls::expire(Exchange& exchange, base::Instant now, Effects& effects) {
  if (const auto* attempting = std::get_if<Attempting>(&exchange.phase)) {
    // Not a failure of the node, which may have been given no time; but so slow it was at least.
    learn_latency(attempting->node, now - attempting->since, now);
    note(exchange, "no answer yet");
  }
  const auto* answering = std::get_if<Answering>(&exchange.phase);
  const int status = answering != nullptr ? answering->status : 0;
  abort_attempt(exchange, effects);
  if (exchange.answer_started) {
    settle(exchange, Outcome::mesh_error, status, false, now, effects);
    return;
  }
  refuse(exchange, too_late(exchange, now), false, now, effects);
}

void Calls::refuse(Exchange& exchange, Problem problem, bool not_processed, base::Instant now,
                   Effects& effects) {
  const ProblemCode code = problem.code;
  ++around_.counters.refusals.at(static_cast<std::size_t>(code));
  Headers set;
  if (!exchange.context.call.empty()) set.push_back({"parley-call", exchange.context.call});
  set.push_back({"parley-attempts", std::to_string(exchange.attempts)});
  if (not_processed && exchange.from_peer()) set.push_back({"parley-not-processed", "1"});
  effects.emplace_back(RefuseExchange{exchange.id, std::move(problem), std::move(set)});
  settle(exchange, Outcome::mesh_error, http_status(code), false, now, effects);
}

void Calls::settle(Exchange& exchange, Outcome outcome, int status, bool completed,
                   base::Instant now, Effects& effects) {
  if (const auto* waiting = std::get_if<Waiting>(&exchange.phase)) {
    duplicates_.on_waiting_gone(exchange.id, waiting->original);
  }
  end_attempt(exchange);
  tell(exchange, "settled", effects);
  const ExchangeId id = exchange.id;
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
