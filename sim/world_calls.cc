// What nodes decide about calls, told to the checkers as it is decided: it may go out later, behind
// a Persist.
#include "base/match.h"
#include "sim/world.h"

#include <string>
#include <utility>

namespace sim {

namespace {

// By the clock of a node, which may be a little fast.
base::Duration nearly(base::Duration time) {
  return time - time / 500;
}

bool found_nobody(const mesh::AnswerHead& head) {
  const auto error = mesh::find_header(head.headers, "parley-error");
  return error == "agent_unreachable" || error == "overloaded";
}

// Of an attempt at the own agent only its target says it: "/cap3/item?call=7".
std::string capability_asked(const mesh::StartAttempt& start, const mesh::CallRequest& request) {
  if (const auto* peer = std::get_if<mesh::ToPeer>(&start.to)) {
    return peer->capability.empty() ? request.capability : peer->capability;
  }
  const std::string& target = std::get<mesh::ToAgent>(start.to).target;
  return "cap." + target.substr(4, target.find('/', 4) - 4);
}

}  // namespace

const mesh::CallPolicy& World::policy_of(const std::string& capability) {
  const auto found = policy_by_capability_.find(capability);
  if (found != policy_by_capability_.end()) return found->second;
  return policy_by_capability_
      .emplace(capability, mesh::policy_for(scenario_.policies, {}, capability))
      .first->second;
}

void World::attempt_over(NodeIndex index, std::uint64_t exchange, std::uint32_t attempt,
                         std::uint32_t made) {
  observer_->tell(&Checker::on_attempt_over, AttemptOver{now(), index, exchange, attempt, made});
}

void World::look_at_input(NodeIndex index, const kernel::Input& input) {
  if (const auto* call = std::get_if<kernel::CallArrived>(&input)) {
    trials_[{index, call->exchange.value}] = {.since = now() - call->request.waited};
    if (std::holds_alternative<mesh::FromPeer>(call->origin)) return;  // begun where it came from
    observer_->tell(&Checker::on_call_begun,
                    CallBegun{now(), index, call->exchange.value, call->request.capability});
  } else if (const auto* failed = std::get_if<kernel::AttemptFailed>(&input)) {
    attempt_over(index, failed->exchange.value, failed->attempt);
    trials_[{index, failed->exchange.value}].pardoned = true;
  } else if (const auto* answered = std::get_if<kernel::AttemptAnswered>(&input)) {
    attempt_over(index, answered->exchange.value, answered->attempt);
    Trial& trial = trials_[{index, answered->exchange.value}];
    if (found_nobody(answered->head)) trial.pardoned = true;
    // A peer gives up a little before its caller does.
    trial.told_over =
        mesh::find_header(answered->head.headers, "parley-error") == "deadline_exceeded";
  }
}

// Whoever knows that another one may not take part has nothing to say to it. Questions and calls
// over links end at the handshake. An adversary's address also hears the answers to datagrams of
// others that it sends again, sealed for those others.
void World::look_at_contact(NodeIndex index, const kernel::Effect& effect) {
  std::optional<NodeIndex> to;
  std::string_view what;
  if (const auto* datagram = std::get_if<kernel::SendDatagram>(&effect)) {
    to = node_at(datagram->to);
    if (to && lies(*to)) return;
    what = "a datagram";
  } else if (const auto* frame = std::get_if<kernel::SendAgreement>(&effect)) {
    to = node_with(frame->to);
    what = "a message of agreement";
  }
  if (!to || nodes_[index]->kernel->welcomes(ids_[*to])) return;
  observer_->tell(&Checker::on_contact, ContactWithOutsider{now(), index, *to, what});
}

void World::look_at_effect(NodeIndex index, const kernel::Effect& effect) {
  if (decisions_ && options_.watch) look_at_contact(index, effect);
  if (const auto* start = std::get_if<mesh::StartAttempt>(&effect)) {
    return look_at_attempt(index, *start);
  }
  if (!options_.watch) return;
  if (const auto* cancel = std::get_if<mesh::CancelAttempt>(&effect)) {
    attempt_over(index, cancel->exchange.value, cancel->attempt);
    look_at_cancelled(index, *cancel);
  } else if (const auto* accept = std::get_if<mesh::AcceptExchange>(&effect)) {
    observer_->tell(&Checker::on_deferred,
                    CallDeferred{now(), index, std::string(accept->deferred), accept->left});
  } else if (const auto* settled = std::get_if<mesh::ExchangeSettled>(&effect)) {
    attempt_over(index, settled->exchange.value, 0, settled->attempts);
    trials_.erase({index, settled->exchange.value});
  } else if (const auto* step = std::get_if<base::Transition>(&effect)) {
    if (step->machine == "breaker") look_at_breaker(index, *step);
    if (step->machine == "outlier" && step->to == "ejected") look_at_ejection(index, *step);
  } else if (const auto* refusal = std::get_if<mesh::RefuseExchange>(&effect)) {
    look_at_refusal(index, *refusal);
  }
}

// Given up before its time: its node is suspected to be dead.
void World::look_at_cancelled(NodeIndex index, const mesh::CancelAttempt& cancel) {
  Trial& trial = trials_[{index, cancel.exchange.value}];
  const auto exchange = exchanges_.truth_of(index, cancel.exchange.value);
  if (trial.attempt != cancel.attempt) trial.pardoned = true;
  if (!exchange || trial.attempt != cancel.attempt) return;
  const auto per_try = policy_of(exchange->request->capability).timeout.per_try;
  const base::Duration took = now() - trial.at;
  if (!per_try || nearly(*per_try) > took) trial.pardoned = true;
}

void World::look_at_attempt(NodeIndex index, const mesh::StartAttempt& start) {
  const auto exchange = exchanges_.truth_of(index, start.exchange.value);
  if (!exchange) return;
  const auto* peer = std::get_if<mesh::ToPeer>(&start.to);
  const NodeIndex to = peer == nullptr ? index : node_with(peer->node).value_or(index);
  const std::string capability = capability_asked(start, *exchange->request);
  const bool falls_back = capability != exchange->request->capability;
  if (options_.attempted && !exchange->from_peer) {
    options_.attempted({.at = now(),
                        .from = index,
                        .to = to,
                        .capability = capability,
                        .call = Errand::of(exchange->request->rest).call,
                        .attempt = start.attempt});
  }
  if (!options_.watch) return;
  Trial& trial = trials_[{index, start.exchange.value}];
  AttemptDecided decided{.at = now(),
                         .node = index,
                         .exchange = start.exchange.value,
                         .attempt = start.attempt,
                         .for_peer = exchange->from_peer,
                         .to = to,
                         .capability = capability,
                         .falls_back = falls_back,
                         .pardoned = trial.pardoned};
  decided.waited = scheduler_.now() - exchange->limit.since;
  const bool first = trial.capability != capability;
  const auto on_timeout = policy_of(exchange->request->capability).timeout.on_timeout;
  const bool escalates = on_timeout == mesh::OnTimeout::escalate ||
                         on_timeout == mesh::OnTimeout::escalate_or_fallback;
  const base::Duration early =
      trial.told_over ? 2 * mesh::Options{}.hop_reserve_max : base::Duration::zero();
  decided.escalates = !first && escalates &&
                      now() - trial.since >= nearly(policy_of(capability).timeout.request - early);
  trial = {.attempt = start.attempt,
           .at = now(),
           .pardoned = false,
           .since = (first && falls_back) || decided.escalates ? now() : trial.since,
           .capability = capability};
  if (const auto given = mesh::find_header(start.set, "parley-deadline")) {
    decided.given = base::parse_duration(*given).value_or(base::Duration::zero());
  }
  if (exchange->limit.at != base::Instant::never()) {
    decided.left = exchange->limit.at - scheduler_.now();
  }
  const mesh::Catalogue& catalogue = nodes_[index]->kernel->data_plane().catalogue();
  if (const mesh::Catalogue::Offer* offer = catalogue.offer(ids_[to], capability)) {
    const auto quality = offer->standing->quality();
    if (quality.samples > 0) decided.quality = quality.value;
    decided.expert = offer->capability->proficiency == mesh::Proficiency::expert;
    decided.half_open =
        offer->standing->breaker.state() == mesh::resilience::Breaker::State::half_open;
  }
  decided.policy = &policy_of(capability);
  observer_->tell(&Checker::on_attempt, decided);
}

void World::look_at_breaker(NodeIndex index, const base::Transition& step) {
  const std::string subject(step.subject);
  const std::size_t space = subject.find(' ');
  const auto agent = by_short_hex_.find(subject.substr(0, space));
  if (space == std::string::npos || agent == by_short_hex_.end()) return;
  observer_->tell(&Checker::on_breaker,
                  BreakerStep{now(), index, agent->second, subject.substr(space + 1), step.to});
}

void World::look_at_ejection(NodeIndex index, const base::Transition& step) {
  const std::string subject(step.subject);
  const SimulatedNode& node = *nodes_[index];
  const base::Instant then = node.clock.monotonic(scheduler_.now());
  AgentEjected ejected{
      .at = now(), .node = index, .capability = subject.substr(subject.find(' ') + 1)};
  for (const mesh::Catalogue::Offer& offer :
       node.kernel->data_plane().catalogue().providers_of(ejected.capability)) {
    ++ejected.agents;
    if (offer.standing->ejection.is_ejected(then)) ++ejected.ejected;
  }
  ejected.share_max = policy_of(ejected.capability).outliers.share_max;
  observer_->tell(&Checker::on_ejected, ejected);
}

void World::look_at_refusal(NodeIndex index, const mesh::RefuseExchange& refusal) {
  observer_->coverage().saw("refusal", "", to_string(refusal.problem.code));
  const std::string& detail = refusal.problem.detail;
  if (detail.find("neverBelow") != std::string::npos) {
    observer_->coverage().saw("milestone", "", "below_quality");
  }
  if (!detail.starts_with("The bulkhead")) return;
  observer_->coverage().saw("milestone", "", "bulkhead");
  const auto exchange = exchanges_.truth_of(index, refusal.exchange.value);
  if (exchange && mesh::find_header(exchange->request->headers, "parley-priority") == "low") {
    observer_->coverage().saw("milestone", "", "low_priority_shed");
  }
}

void World::look_at_counters(NodeIndex index) {
  const mesh::Counters& counters = nodes_[index]->kernel->data_plane().counters();
  const auto milestone = [&](std::uint64_t count, std::string_view name) {
    if (count > 0) observer_->coverage().saw("milestone", "", name);
  };
  milestone(counters.retries, "retry");
  milestone(counters.retries_denied, "budget_spent");
  milestone(counters.hedges, "hedge");
  milestone(counters.fallbacks, "fallback");
  milestone(counters.duplicates, "duplicate");
  milestone(counters.idle_timeouts, "idle_timeout");
  milestone(counters.faults_delay, "fault_delay");
  milestone(counters.faults_abort, "fault_abort");
  milestone(counters.faults_answer, "fault_answer");
}

}  // namespace sim
