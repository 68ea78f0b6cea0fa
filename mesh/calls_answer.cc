// What comes back from attempts.
#include "base/check.h"
#include "mesh/calls.h"
#include "mesh/faults.h"
#include "mesh/judge/body.h"
#include "mesh/refusals.h"
#include "mesh/resilience/retry.h"

#include <algorithm>
#include <utility>

namespace mesh {

namespace {

bool is_of_the_mesh(const Classified& classified) {
  return classified.verdict == Verdict::not_processed ||
         classified.verdict == Verdict::mesh_failure;
}

// Whether somebody else might do better; nobody would with what holds everywhere.
bool is_failure(const Classified& classified) {
  return is_of_the_mesh(classified) || classified.reason.has_value();
}

std::string_view words_of(const Classified& classified) {
  if (classified.code) return to_string(*classified.code);
  if (!classified.why.empty()) return classified.why;
  return classified.reason ? to_string(*classified.reason) : std::string_view("failed");
}

resilience::RetryQuestion retry_question(const Exchange& exchange) {
  return {.idempotent = exchange.context.idempotent,
          .body_repeatable = exchange.body_repeatable,
          .answer_started = exchange.answer_started,
          .on = exchange.context.policy->retry.on,
          .attempts = exchange.attempts - exchange.attempts_before,
          .attempts_max = exchange.context.policy->retry.attempts};
}

// Whether this is a reason to have it done by somebody else, attempts left or not.
bool somebody_may(const Exchange& exchange, const Classified& classified) {
  if (classified.verdict == Verdict::not_processed) return true;
  return classified.reason && exchange.context.policy->retry.on.has(*classified.reason) &&
         exchange.context.idempotent;
}

}  // namespace

bool Calls::may_retry(const Exchange& exchange, const Classified& classified) const {
  return !exchange.from_peer() && resilience::may_retry(retry_question(exchange), classified);
}

bool Calls::may_repeat(const Exchange& exchange) const {
  return !exchange.from_peer() && exchange.context.idempotent &&
         resilience::may_try_again(retry_question(exchange));
}

void Calls::note(Exchange& exchange, const base::NodeId& node, std::string_view what) const {
  if (!exchange.trail.empty()) exchange.trail += "; ";
  exchange.trail += Names{around_.catalogue, around_.self, around_.name}.of(node);
  exchange.trail += ": ";
  exchange.trail += what;
}

const judge::CompiledCheck* Calls::check_of(const Exchange& exchange,
                                            const base::NodeId& node) const {
  const Catalogue::Offer* offer = around_.catalogue.offer(node, exchange.request.capability);
  return offer == nullptr ? nullptr : offer->check.get();
}

// The agent beside this node fails because a call that it made failed, which was tried as often as
// it may be there: to try all of it again would multiply the attempts with each hop, and it would
// blame the agent for another one.
bool Calls::failed_further_on(const Exchange& exchange, const OpenAttempt& attempt,
                              const AnswerHead& head) const {
  if (head.status < 500) return false;
  if (attempt.node == around_.self) return served_.failed_further_on(exchange.id);
  return find_header(head.headers, "parley-failed-further-on").has_value();
}

Classified Calls::classified_head(const Exchange& exchange, const OpenAttempt& attempt,
                                  const AnswerHead& head) const {
  Classified classified = classify(head, attempt.node != around_.self);
  if (classified.code || !failed_further_on(exchange, attempt, head)) return classified;
  classified.verdict = Verdict::server_error;
  classified.reason.reset();
  classified.result.reset();
  classified.why = "a call that it made failed";
  return classified;
}

void Calls::on_answered(ExchangeId id, std::uint32_t attempt, const AnswerHead& head,
                        base::Instant now, Effects& effects) {
  Exchange* exchange = exchanges_.find(id);
  if (exchange == nullptr || !std::holds_alternative<Attempting>(exchange->phase)) return;
  OpenAttempt* open = exchange->find(attempt);
  if (open == nullptr || open->head) return;
  Classified classified = classified_head(*exchange, *open, head);
  const bool served = !classified.code && !exchange->from_peer();
  if (served && judge::worth_reading(head, check_of(*exchange, open->node) != nullptr)) {
    open->head = head;
    effects.emplace_back(InspectAnswer{id, attempt, around_.options.held_answer_max,
                                       exchange->context.policy->timeout.idle});
    return;
  }
  conclude(*exchange, attempt, head, std::move(classified), now, effects);
}

void Calls::on_inspected(ExchangeId id, std::uint32_t attempt,
                         const std::optional<std::string>& body, base::Instant now,
                         Effects& effects) {
  Exchange* exchange = exchanges_.find(id);
  if (exchange == nullptr || !std::holds_alternative<Attempting>(exchange->phase)) return;
  OpenAttempt* open = exchange->find(attempt);
  if (open == nullptr || !open->head) return;
  const AnswerHead head = std::move(*open->head);
  Classified classified = classified_head(*exchange, *open, head);
  if (body) {
    const judge::CompiledCheck* check = check_of(*exchange, open->node);
    refine(classified, judge::judge_body(head, *body, check), check != nullptr);
  }
  conclude(*exchange, attempt, head, std::move(classified), now, effects);
}

// The head, and what was to be seen of its body, is there: this is the answer, or it is not taken.
void Calls::conclude(Exchange& exchange, std::uint32_t number, const AnswerHead& head,
                     Classified classified, base::Instant now, Effects& effects) {
  OpenAttempt* open = exchange.find(number);
  CHECK(open != nullptr);
  const double never_below = exchange.context.policy->quality.never_below;
  if (!classified.code && !exchange.from_peer()) {
    refine(classified, never_below, exchange.context.context_version);
  }
  if (is_out_of_time(exchange, classified, now)) {
    const bool blamed =
        had_its_time(exchange, *open, now) && !failed_further_on(exchange, *open, head);
    end_in_time(exchange, number, blamed, now, effects);
    return;
  }
  learn(exchange, *open, classified, now, effects);
  open->counted = true;
  const OpenAttempt attempt = *open;
  const bool failed = is_failure(classified) && !exchange.from_peer();
  if (failed) {
    if (const auto wait = classified.retry_after) {
      exchange.retry_after = std::min(exchange.retry_after.value_or(*wait), *wait);
    }
    std::string what(words_of(classified));
    if (attempt.fault) what += " (injected by the policy)";
    note(exchange, attempt.node, what);
    if (classified.verdict == Verdict::low_quality) outgrow(exchange, attempt.node);
    const bool beside = exchange.open.size() > 1;
    const std::optional<Another> another =
        beside ? std::nullopt : plan_another(exchange, classified, now);
    // Below what the policy takes, nothing is passed on, whatever the alternative is.
    const bool below = classified.verdict == Verdict::low_quality && never_below > 0 &&
                       classified.quality && *classified.quality < never_below;
    const bool give_up = below || (is_of_the_mesh(classified) && exchange.attempts > 1) ||
                         (may_fall_back(exchange) && somebody_may(exchange, classified));
    // Whoever is at work beside it may still do better.
    const bool waits = beside && (give_up || somebody_may(exchange, classified));
    if (waits || another || give_up) {
      reject(exchange, attempt, classified);
      abort_attempt(exchange, number, effects);
      if (waits) {
        schedule_hedge(exchange, now);
        exchanges_.arm(exchange);
        return;
      }
      if (another) {
        follow(exchange, *another, now, effects);
      } else {
        fall_back(exchange,
                  all_failed(exchange, classified.code.value_or(ProblemCode::no_capable_agent)),
                  now, effects);
      }
      return;
    }
  }
  abort_others(exchange, number, now, effects);
  relay(exchange, attempt, head, classified, effects);
}

bool Calls::is_out_of_time(const Exchange& exchange, const Classified& classified,
                           base::Instant now) const {
  return !exchange.from_peer() && classified.verdict == Verdict::mesh_failure &&
         classified.code == ProblemCode::deadline_exceeded &&
         exchange.context.deadline <= now + 2 * around_.options.hop_reserve_max;
}

void Calls::end_in_time(Exchange& exchange, std::uint32_t number, bool blamed, base::Instant now,
                        Effects& effects) {
  const OpenAttempt attempt = *exchange.find(number);
  exchange.perhaps_ran = true;
  note(exchange, attempt.node, to_string(AttemptFailure::timed_out));
  if (blamed) {
    learn_of_timeout(exchange, attempt, now, effects);
  } else {
    lessons_.on_at_least(exchange, attempt, true, now, effects);
  }
  abort_attempt(exchange, number, effects);
  expire(exchange, now, effects);
}

// Asked once more, its node knows by this that it is to run again, and not to give the answer that
// it has. What came of an attempt whose end was not seen nobody has judged yet.
void Calls::reject(Exchange& exchange, const OpenAttempt& attempt, const Classified& classified) {
  const bool ran = !is_of_the_mesh(classified) && !(attempt.fault && answers(*attempt.fault));
  const bool as_before = !ran && classified.verdict != Verdict::mesh_failure && attempt.again;
  if (ran || as_before) exchange.rejected.push_back(attempt.node);
}

// What one agent's proficiency was not enough for is not given to its equals.
void Calls::outgrow(Exchange& exchange, const base::NodeId& node) const {
  const Catalogue::Offer* offer = around_.catalogue.offer(node, exchange.request.capability);
  if (offer == nullptr) return;
  exchange.outgrown =
      std::max(exchange.outgrown.value_or(Proficiency::novice), offer->capability->proficiency);
}

void Calls::learn(const Exchange& exchange, const OpenAttempt& attempt,
                  const Classified& classified, base::Instant now, Effects& effects) {
  const bool own = attempt.node == around_.self;
  if (own && !classified.code) around_.health.on_reached();
  if (!exchange.from_peer()) {
    lessons_.on_result(exchange, attempt, classified, now, effects);
    return;
  }
  if (classified.verdict == Verdict::not_processed &&
      classified.code == ProblemCode::agent_unreachable) {
    around_.health.on_unreachable(around_.options, now);
  }
  lessons_.on_served(attempt, classified, now);
}

void Calls::learn_of_timeout(const Exchange& exchange, const OpenAttempt& attempt,
                             base::Instant now, Effects& effects) {
  lessons_.on_at_least(exchange, attempt, false, now, effects);
  learn(exchange, attempt, classify(AttemptFailure::timed_out), now, effects);
}

void Calls::relay(Exchange& exchange, const OpenAttempt& attempt, const AnswerHead& head,
                  const Classified& classified, Effects& effects) {
  const bool served = !classified.code;
  exchange.destination = Names{around_.catalogue, around_.self, around_.name}.of(attempt.node);
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

  if (!exchange.asked.empty()) set.push_back({"parley-fallback", exchange.request.capability});
  if (!classified.why.empty()) set.push_back({"parley-failure", classified.why});
  if (!exchange.faults.empty()) set.push_back({"parley-fault", exchange.faults});
  const bool further_on = exchange.from_peer() && failed_further_on(exchange, attempt, head);
  if (further_on || find_header(head.headers, "parley-failed-further-on")) {
    set.push_back({"parley-failed-further-on", further_on ? "1" : ""});
  }

  const bool hold =
      may_repeat(exchange) && head.body_size && *head.body_size <= around_.options.held_answer_max;
  exchange.answer_started = !hold;
  if (is_stream(head) && !exchange.context.deadline_to_end) {
    exchange.context.deadline = base::Instant::never();
    served_.lift_deadline(exchange.id);
  }
  become(exchange, Answering{attempt.number, attempt.node, classified.verdict, head.status},
         effects);
  exchanges_.arm(exchange);
  const bool keepable = served && (classified.verdict == Verdict::success ||
                                   classified.verdict == Verdict::application_error ||
                                   classified.verdict == Verdict::server_error);
  if (keepable && duplicates_.on_answer(exchange.id)) effects.emplace_back(KeepAnswer{exchange.id});
  effects.emplace_back(RelayAnswer{.exchange = exchange.id,
                                   .attempt = attempt.number,
                                   .set = std::move(set),
                                   .hold = hold,
                                   .idle = exchange.context.policy->timeout.idle});
}

void Calls::on_completed(ExchangeId id, std::uint32_t attempt, base::Instant now,
                         Effects& effects) {
  Exchange* exchange = exchanges_.find(id);
  if (exchange == nullptr) return;
  const auto* answering = std::get_if<Answering>(&exchange->phase);
  if (answering == nullptr || answering->attempt != attempt) return;
  const Answering end = *answering;
  end_attempt(*exchange, attempt);
  if (!exchange->from_peer()) {
    lessons_.on_answer(exchange->context.call, end.node, exchange->request.capability);
  }
  switch (end.verdict) {
    case Verdict::success:
      settle(*exchange, Outcome::success, end.status, true, now, effects);
      return;
    case Verdict::application_error:
    case Verdict::server_error:
      settle(*exchange, Outcome::application_error, end.status, true, now, effects);
      return;
    case Verdict::unavailable:
      settle(*exchange, Outcome::application_error, end.status, false, now, effects);
      return;
    case Verdict::low_quality:
    case Verdict::stale_context:
      settle(*exchange, Outcome::quality_failure, end.status, false, now, effects);
      return;
    case Verdict::not_processed:
    case Verdict::mesh_failure:
    case Verdict::mesh_refusal:
      settle(*exchange, Outcome::mesh_error, end.status, false, now, effects);
      return;
  }
  CHECK(false);
}

void Calls::on_failed(ExchangeId id, std::uint32_t number, AttemptFailure failure,
                      base::Instant now, Effects& effects) {
  Exchange* exchange = exchanges_.find(id);
  OpenAttempt* open = exchange != nullptr ? exchange->find(number) : nullptr;
  if (open == nullptr) return;
  if (failure == AttemptFailure::not_sent) {
    withdraw(*exchange, number, now, effects);
    return;
  }
  const auto* answering = std::get_if<Answering>(&exchange->phase);
  const int status = answering != nullptr ? answering->status : 0;
  // After a head the request was at work, whatever the failure is called.
  const bool silent = failure == AttemptFailure::silent;
  const Classified classified =
      classify(answering != nullptr && !silent ? AttemptFailure::broken : failure);
  if (silent) ++around_.counters.idle_timeouts;
  if (classified.verdict != Verdict::not_processed) exchange->perhaps_ran = true;
  if (open->counted && !exchange->from_peer()) {
    const bool good = answering != nullptr && answering->verdict == Verdict::success;
    lessons_.on_broken(*exchange, *open, good, now, effects);
  } else {
    learn(*exchange, *open, classified, now, effects);
  }
  note(*exchange, open->node, to_string(failure));
  if (classified.verdict == Verdict::not_processed) reject(*exchange, *open, classified);
  end_attempt(*exchange, number);  // the shell has dropped it already: nothing to cancel
  if (exchange->answer_started) {
    settle(*exchange, Outcome::mesh_error, status, false, now, effects);
    return;
  }
  go_on(*exchange, classified, now, effects);
}

void Calls::withdraw(Exchange& exchange, std::uint32_t number, base::Instant now,
                     Effects& effects) {
  const OpenAttempt attempt = *exchange.find(number);
  if (!exchange.from_peer()) lessons_.on_withdrawn(exchange, attempt, now);
  if (attempt.again) exchange.rejected.push_back(attempt.node);
  end_attempt(exchange, number);
  if (exchange.attempts_before < refused_max) ++exchange.attempts_before;
  if (attempt.hedge) budgets_.of(exchange.request.capability).give_back();
  if (exchange.open.empty()) {
    note(exchange, attempt.node, to_string(AttemptFailure::not_sent));
    go_on(exchange, classify(AttemptFailure::not_sent), now, effects);
    return;
  }
  if (exchange.tried.back() == attempt.node) exchange.tried.pop_back();
  // A body that took so long already may take as long again.
  exchange.hedge_at =
      now + std::max(now - exchange.open.front().since, around_.options.hedge_look_again);
  exchanges_.arm(exchange);
}

void Calls::time_out(Exchange& exchange, std::uint32_t number, base::Instant now,
                     Effects& effects) {
  const OpenAttempt attempt = *exchange.find(number);
  exchange.perhaps_ran = true;
  learn_of_timeout(exchange, attempt, now, effects);
  note(exchange, attempt.node, to_string(AttemptFailure::timed_out));
  abort_attempt(exchange, number, effects);
  go_on(exchange, classify(AttemptFailure::timed_out), now, effects);
}

void Calls::go_on(Exchange& exchange, const Classified& failed, base::Instant now,
                  Effects& effects) {
  if (!exchange.open.empty()) {  // the other one may still answer; if it is late, it is not alone
    schedule_hedge(exchange, now);
    exchanges_.arm(exchange);
    return;
  }
  if (const std::optional<Another> another = plan_another(exchange, failed, now)) {
    follow(exchange, *another, now, effects);
    return;
  }
  Problem problem = all_failed(exchange, *failed.code);
  if (exchange.from_peer()) {
    refuse(exchange, std::move(problem), failed.verdict == Verdict::not_processed, now, effects);
    return;
  }
  fall_back(exchange, std::move(problem), now, effects);
}

void Calls::on_unrepeatable(ExchangeId id) {
  if (Exchange* exchange = exchanges_.find(id)) exchange->body_repeatable = false;
}

void Calls::on_answer_started(ExchangeId id) {
  if (Exchange* exchange = exchanges_.find(id)) exchange->answer_started = true;
}

void Calls::on_suspect(const base::NodeId& node, base::Instant now, Effects& effects) {
  for (const ExchangeId id : exchanges_.open_at(node)) {
    Exchange* exchange = exchanges_.find(id);
    if (exchange == nullptr || exchange->open.size() != 1 || !may_repeat(*exchange)) continue;
    const routing::OwnAgent own = own_agent();
    routing::gather(around_.catalogue.providers_of(exchange->request.capability),
                    question_of(*exchange, own, routing::Probing::none, now), candidates_);
    // If all are suspect it is more likely us, and there is nothing to gain.
    if (candidates_.best.empty() || candidates_.rank > routing::Rank::degraded) continue;
    note(*exchange, node, "suspected to be dead");
    abort_others(*exchange, 0, now, effects);
    follow(*exchange, Another{now}, now, effects);
  }
}

}  // namespace mesh
