// Candidates, choice and attempts.
#include "base/check.h"
#include "base/match.h"
#include "mesh/calls.h"
#include "mesh/faults.h"
#include "mesh/refusals.h"
#include "mesh/resilience/backoff.h"
#include "mesh/resilience/retry.h"

#include <algorithm>
#include <utility>

namespace mesh {

namespace {

// What stands before the capability's own path and the caller's rest, in origin form.
std::string agent_target(const std::string& path, const std::string& rest) {
  std::string target = path + rest;
  if (target.empty() || target.front() != '/') target.insert(target.begin(), '/');
  return target;
}

bool has(const std::vector<base::NodeId>& nodes, const base::NodeId& node) {
  return std::ranges::find(nodes, node) != nodes.end();
}

}  // namespace

// ---- candidates, choose ----

routing::Question Calls::question_of(const Exchange& exchange, const routing::OwnAgent& own,
                                     routing::Probing probing, base::Instant now) const {
  return {.requirements = exchange.context.requirements,
          .path = exchange.context.path,
          .tried = exchange.tried,
          .open = exchange.open,
          .own = own,
          .policy = *exchange.context.policy,
          .context_version = exchange.context.context_version,
          .probing = probing,
          .experts_only = exchange.escalated,
          .heeds_latency = routing::heeds_latency(exchange.context.route),
          .now = now};
}

// Beside an attempt under way, a duplicate of what runs at the own agent cannot wait for it.
routing::OwnAgent Calls::own_agent_for(const Exchange& exchange) const {
  routing::OwnAgent own = own_agent();
  if (!exchange.open.empty() && !exchange.context.idempotency_key.empty()) own.full = true;
  return own;
}

bool Calls::try_next(Exchange& exchange, routing::Rank worst, base::Instant now, Effects& effects) {
  const base::Duration left = time_to_pass_on(exchange.context.deadline, now, around_.options);
  if (left <= base::Duration::zero()) return false;
  const ExchangeId id = exchange.id;
  const routing::OwnAgent own = own_agent_for(exchange);
  const Catalogue::Offers& offers = around_.catalogue.providers_of(exchange.request.capability);
  const routing::Probing probing = !exchange.tried.empty() ? routing::Probing::none
                                   : may_repeat(exchange)  ? routing::Probing::due
                                                           : routing::Probing::overdue;
  routing::gather(offers, question_of(exchange, own, probing, now), candidates_);
  const bool probe = candidates_.probe.has_value();
  if (!probe && (candidates_.best.empty() || candidates_.rank > worst)) return false;
  const routing::Candidate chosen =
      probe ? *candidates_.probe
            : chooser_.choose(candidates_,
                              {.capability = exchange.request.capability,
                               .prefer = exchange.context.prefer,
                               .route = exchange.context.route,
                               .policy = *exchange.context.policy,
                               .complexity = exchange.context.complexity,
                               .above = exchange.outgrown},
                              own, now);
  const base::NodeId& node = chosen.offer->entry->node;
  const auto permit = lessons_.on_start(node, exchange.request.capability, *exchange.context.policy,
                                        probe, now, effects);
  CHECK(permit);  // whoever is not admitted is no candidate
  if (exchange.attempts > 0) ++around_.counters.retries;
  const std::uint32_t number = exchange.attempts + 1;
  const std::string capability = exchange.request.capability;
  if (chosen.local) {
    start_at_agent(exchange, now, effects);
  } else {
    start_at_peer(exchange, *chosen.offer->entry, now, effects);
  }
  // A duplicate of what runs at the own agent needs no attempt of its own, and may be gone already.
  Exchange* still = exchanges_.find(id);
  OpenAttempt* attempt = still != nullptr ? still->find(number) : nullptr;
  if (attempt == nullptr) {
    lessons_.on_unused(node, capability, *permit, now);
    return true;
  }
  attempt->permit = *permit;
  attempt->probe = probe;
  schedule_hedge(*still, now);
  exchanges_.arm(*still);
  return true;
}

std::optional<Calls::Another> Calls::plan_another(Exchange& exchange, const Classified& failed,
                                                  base::Instant now) {
  if (!may_retry(exchange, failed)) return std::nullopt;
  const routing::OwnAgent own = own_agent();
  routing::Question question = question_of(exchange, own, routing::Probing::none, now);
  question.open = {};  // the one that failed may be asked again
  routing::gather(around_.catalogue.providers_of(exchange.request.capability), question,
                  candidates_);
  if (candidates_.best.empty()) return std::nullopt;
  const bool elsewhere = candidates_.rank < routing::Rank::tried ||
                         !has(exchange.tried, candidates_.best.front().offer->entry->node);
  // Whoever is gone must not cost the calls that it took with it: they are no storm.
  const bool gone = failed.code == ProblemCode::agent_unreachable;
  // Nor is it one if nothing ran where there was no place, and somebody else has one.
  const bool full = failed.verdict == Verdict::not_processed &&
                    failed.code == ProblemCode::overloaded &&
                    candidates_.rank == routing::Rank::serving;
  const bool free = (gone || full) && elsewhere;
  if (full && elsewhere && exchange.attempts_before < refused_max) ++exchange.attempts_before;
  const std::uint32_t retry = static_cast<std::uint32_t>(exchange.tried.size());
  const bool at_once = elsewhere && (retry <= 1 || full);
  const base::Instant at = at_once ? now
                                   : now + resilience::backoff_before(
                                               exchange.context.policy->retry.backoff, retry, rng_);
  // What comes too late is not made, and costs nothing.
  if (!at_once && at >= exchange.context.deadline) return std::nullopt;
  if (!free && !budgets_.of(exchange.request.capability).take()) {
    ++around_.counters.retries_denied;
    return std::nullopt;
  }
  return Another{at};
}

void Calls::follow(Exchange& exchange, const Another& another, base::Instant now,
                   Effects& effects) {
  if (another.at <= now) {
    if (try_next(exchange, routing::Rank::tried_in_vain, now, effects)) return;
    fall_back(exchange, all_failed(exchange, ProblemCode::agent_unreachable), now, effects);
    return;
  }
  become(exchange, BackingOff{another.at}, effects);
  exchanges_.arm(exchange);
}

// ---- attempt ----

OpenAttempt& Calls::open_attempt(Exchange& exchange, const base::NodeId& node, base::Instant now,
                                 Effects& effects) {
  exchange.tried.push_back(node);
  ++exchange.attempts;
  ++around_.counters.attempts;
  OpenAttempt attempt;
  attempt.number = exchange.attempts;
  attempt.node = node;
  attempt.since = now;
  attempt.again = std::erase(exchange.rejected, node) > 0;
  if (!exchange.from_peer()) {
    const CallPolicy& policy = *exchange.context.policy;
    inject(exchange, attempt, now);
    if (policy.timeout.per_try) attempt.give_up = now + *policy.timeout.per_try;
    if (const auto late = lessons_.late_after(node, exchange.request.capability, policy)) {
      attempt.look_at = now + *late;
    }
  }
  exchange.open.push_back(std::move(attempt));
  become(exchange, Attempting{}, effects);
  exchanges_.arm(exchange);
  return exchange.open.back();
}

void Calls::inject(Exchange& exchange, OpenAttempt& attempt, base::Instant now) {
  const std::vector<FaultRule>& rules = exchange.context.policy->faults;
  if (rules.empty()) return;
  const Catalogue::Offer* offer =
      around_.catalogue.offer(attempt.node, exchange.request.capability);
  if (offer == nullptr) return;
  const FaultRule* rule =
      fault_for(rules, *offer->entry, exchange.context.call, attempt.number, fault_draws_);
  if (rule == nullptr) return;
  attempt.fault = *rule;
  if (!exchange.faults.empty()) exchange.faults += ", ";
  exchange.faults += words_of(*rule);
  if (rule->abort) ++around_.counters.faults_abort;
  if (rule->answer) ++around_.counters.faults_answer;
  if (rule->delay <= base::Duration::zero()) return;
  ++around_.counters.faults_delay;
  attempt.send_at = now + rule->delay;
}

void Calls::start_at_agent(Exchange& exchange, base::Instant now, Effects& effects) {
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
  run_at_agent(exchange, now, effects);
}

bool Calls::is_fresh(Exchange& exchange, base::Instant now, Effects& effects) {
  const auto* peer = std::get_if<FromPeer>(&exchange.origin);
  const Duplicates::Identity identity{
      .caller = peer ? peer->node : around_.self,
      .capability = exchange.request.capability,
      .idempotency_key = exchange.context.idempotency_key,
      .call = peer ? std::string_view(exchange.context.call) : std::string_view(),
      .again = exchange.context.again ||
               std::ranges::find(exchange.rejected, around_.self) != exchange.rejected.end()};
  if (duplicates_.knows(exchange.id)) {
    // It ran here before and came to nothing; whoever waits for it may go first.
    release(duplicates_.on_settled(exchange.id, false, {}, 0, around_.options, now), exchange.id,
            {}, 0, now, effects);
  }
  std::vector<ExchangeId> evicted;
  const Duplicates::Verdict verdict =
      duplicates_.on_execution(exchange.id, identity, around_.options, evicted);
  for (const ExchangeId id : evicted) effects.emplace_back(ForgetAnswer{id});
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

void Calls::run_at_agent(Exchange& exchange, base::Instant now, Effects& effects) {
  exchange.destination = around_.name;
  OpenAttempt& attempt = open_attempt(exchange, around_.self, now, effects);
  ++at_agent_;
  Path path = exchange.context.path;
  if (path.empty() || path.back() != Hop::of(around_.self)) path.push_back(Hop::of(around_.self));
  served_.put({.exchange = exchange.id,
               .path = std::move(path),
               .deadline = exchange.context.deadline,
               .deadline_to_end = exchange.context.deadline_to_end,
               .last_moment = exchange.context.last_moment,
               .call = exchange.context.call,
               .trace_id = exchange.context.trace.trace_id});
  if (attempt.send_at == base::Instant::never()) send_attempt(exchange, attempt, now, effects);
}

void Calls::start_at_peer(Exchange& exchange, const Catalogue::Entry& entry, base::Instant now,
                          Effects& effects) {
  exchange.destination = entry.provider.name.empty() ? entry.node.short_hex() : entry.provider.name;
  OpenAttempt& attempt = open_attempt(exchange, entry.node, now, effects);
  if (attempt.send_at == base::Instant::never()) send_attempt(exchange, attempt, now, effects);
}

// What there is to send is made up only now: an injected delay may have come before it.
void Calls::send_attempt(Exchange& exchange, OpenAttempt& attempt, base::Instant now,
                         Effects& effects) {
  attempt.send_at = base::Instant::never();
  if (attempt.fault && answers(*attempt.fault)) {
    FabricateAnswer answer = fabricated(*attempt.fault);
    answer.exchange = exchange.id;
    answer.attempt = attempt.number;
    effects.emplace_back(std::move(answer));
    return;
  }
  const base::Duration left = time_to_pass_on(exchange.context.deadline, now, around_.options);
  const std::string& capability = exchange.request.capability;
  if (attempt.node != around_.self) {
    effects.emplace_back(attempt_at(
        exchange, attempt.number,
        ToPeer{attempt.node, exchange.asked.empty() ? std::string() : capability},
        headers_to_peer(exchange.request, exchange.context, around_.self, left, attempt.again)));
    return;
  }
  const auto* peer = std::get_if<FromPeer>(&exchange.origin);
  const Catalogue::Offer* offer = around_.catalogue.offer(around_.self, capability);
  // It may have given the capability up during a delay; then its own server will say so.
  const std::string path = offer != nullptr ? offer->capability->path : std::string();
  effects.emplace_back(
      attempt_at(exchange, attempt.number, ToAgent{agent_target(path, exchange.request.rest)},
                 headers_to_agent(exchange.request, exchange.context,
                                  peer ? peer->node : around_.self, exchange.source, left)));
}

// A body is kept if there may be another attempt to send it with.
StartAttempt Calls::attempt_at(Exchange& exchange, std::uint32_t number,
                               std::variant<ToAgent, ToPeer> to, Headers set) {
  const bool another_waits = std::ranges::any_of(exchange.open, [](const OpenAttempt& open) {
    return open.send_at != base::Instant::never();
  });
  const bool may_follow =
      !exchange.from_peer() && exchange.body_repeatable &&
      (exchange.attempts - exchange.attempts_before < exchange.context.policy->retry.attempts ||
       another_waits || may_escalate(exchange) || may_fall_back(exchange) || may_defer(exchange));
  if (!may_follow && exchange.request.body_size != 0) exchange.body_repeatable = false;
  return {.exchange = exchange.id,
          .attempt = number,
          .to = std::move(to),
          .set = std::move(set),
          .keep_body = may_follow,
          .last = !may_follow};
}

// A probe is hedged whatever the policy says: it is this node that wants to know, and the caller
// should not pay for it.
void Calls::schedule_hedge(Exchange& exchange, base::Instant now) {
  exchange.hedge_at = base::Instant::never();
  if (exchange.from_peer() || exchange.open.size() != 1 || !may_repeat(exchange)) return;
  const HedgePolicy& hedge = exchange.context.policy->hedge;
  if (!hedge.enabled && !exchange.open.front().probe) return;
  const OpenAttempt& open = exchange.open.front();
  const auto seen = lessons_.nearly_all_within(exchange.request.capability);
  if (const auto after = hedge.enabled && hedge.after ? hedge.after : seen) {
    exchange.hedge_at = std::max(now, open.since + *after);
    return;
  }
  // What nobody knows yet may be known before this call is late: the first ones hang as well. Until
  // then a call is late when that would say something of its agent; one answer tells.
  exchange.hedge_at = now + around_.options.hedge_look_again;
  const auto late =
      lessons_.late_after(open.node, exchange.request.capability, *exchange.context.policy);
  if (late) exchange.hedge_at = std::max(now, std::min(exchange.hedge_at, open.since + *late));
}

void Calls::hedge(Exchange& exchange, base::Instant now, Effects& effects) {
  if (exchange.open.size() != 1 || !may_repeat(exchange)) return;
  schedule_hedge(exchange, now);
  exchanges_.arm(exchange);
  if (exchange.hedge_at > now) return;
  exchange.hedge_at = base::Instant::never();
  exchanges_.arm(exchange);
  const routing::OwnAgent own = own_agent_for(exchange);
  routing::gather(around_.catalogue.providers_of(exchange.request.capability),
                  question_of(exchange, own, routing::Probing::none, now), candidates_);
  // Who failed this call quickly is still a better bet than one who does not answer.
  const bool good = candidates_.rank < routing::Rank::ejected ||
                    (candidates_.rank == routing::Rank::tried && !exchange.open.front().probe);
  if (candidates_.best.empty() || !good) return;
  if (!budgets_.of(exchange.request.capability).take()) {
    ++around_.counters.retries_denied;
    return;
  }
  const ExchangeId id = exchange.id;
  const std::uint32_t number = exchange.attempts + 1;
  const std::string capability = exchange.request.capability;
  if (!try_next(exchange, candidates_.rank, now, effects)) {
    budgets_.of(capability).give_back();
    return;
  }
  ++around_.counters.hedges;
  Exchange* still = exchanges_.find(id);
  OpenAttempt* attempt = still != nullptr ? still->find(number) : nullptr;
  if (attempt != nullptr) attempt->hedge = true;
}

void Calls::end_attempt(Exchange& exchange, std::uint32_t number) {
  const OpenAttempt* attempt = exchange.find(number);
  if (attempt == nullptr) return;
  if (attempt->node == around_.self) {
    CHECK(at_agent_ > 0);
    --at_agent_;
    served_.remove(exchange.id);
  }
  if (!exchange.from_peer()) lessons_.on_end(attempt->node, exchange.request.capability);
  std::erase_if(exchange.open, [&](const OpenAttempt& open) { return open.number == number; });
  exchanges_.arm(exchange);
}

void Calls::abort_attempt(Exchange& exchange, std::uint32_t number, Effects& effects) {
  const OpenAttempt* attempt = exchange.find(number);
  if (attempt == nullptr) return;
  const bool sent = attempt->send_at == base::Instant::never();
  if (sent) effects.emplace_back(CancelAttempt{exchange.id, number});
  end_attempt(exchange, number);
}

void Calls::abort_others(Exchange& exchange, std::uint32_t but, base::Instant now,
                         Effects& effects) {
  const std::vector<OpenAttempt> open = exchange.open;
  for (const OpenAttempt& attempt : open) {
    if (attempt.number == but) continue;
    // How long a stream went on says nothing: its answer came, and was judged then.
    const bool unanswered = !exchange.from_peer() && !attempt.counted;
    if (unanswered) lessons_.on_at_least(exchange, attempt, true, now, effects);
    abort_attempt(exchange, attempt.number, effects);
  }
}

}  // namespace mesh
