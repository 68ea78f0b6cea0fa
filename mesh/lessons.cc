#include "mesh/lessons.h"

#include "base/check.h"
#include "mesh/resilience/outliers.h"
#include "mesh/score/scorecard.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace mesh {

namespace {

using resilience::Breaker;

constexpr base::Duration full_min = std::chrono::milliseconds(10);
constexpr base::Duration full_max = std::chrono::seconds(1);
constexpr base::Duration outliers_every = std::chrono::milliseconds(100);

// Old samples weigh a fifth less with each new one.
base::Duration averaged(base::Duration average, base::Duration sample) {
  if (average == base::Duration::zero()) return std::max(sample, base::Duration(1));
  return std::max(average + (sample - average) / 5, base::Duration(1));
}

base::Duration median(std::vector<base::Duration>& values) {
  if (values.empty()) return {};
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

// In the order of the offers; 0: not known, or of another proficiency.
std::vector<base::Duration> latencies_of(const Catalogue::Offers& offers, Proficiency proficiency) {
  std::vector<base::Duration> out;
  out.reserve(offers.size());
  for (const Catalogue::Offer& offer : offers) {
    const bool of_them = offer.capability->proficiency == proficiency;
    out.push_back(of_them ? offer.standing->latency : base::Duration::zero());
  }
  return out;
}

Breaker::Verdict verdict_of(const Classified& classified, const BreakerPolicy& policy) {
  if (!classified.result) return Breaker::Verdict::none;
  switch (*classified.result) {
    case score::Result::success:
      return Breaker::Verdict::success;
    case score::Result::application:
      return policy.application_errors ? Breaker::Verdict::failure : Breaker::Verdict::success;
    case score::Result::transport:
    case score::Result::protocol:
    case score::Result::quality:
      return Breaker::Verdict::failure;
  }
  CHECK(false);
  return {};
}

score::Difficulty difficulty_of(const Exchange& exchange) {
  return exchange.context.complexity ? score::difficulty_of(*exchange.context.complexity)
                                     : score::Difficulty::medium;
}

}  // namespace

std::optional<Breaker::Permit> Lessons::on_start(const base::NodeId& node,
                                                 std::string_view capability,
                                                 const CallPolicy& policy, bool probe,
                                                 base::Instant now, Effects& effects) {
  Standing* standing = around_.catalogue.standing(node, capability);
  CHECK(standing != nullptr);
  const Breaker::State before = standing->breaker.state();
  const std::optional<Breaker::Permit> permit = standing->breaker.admit(policy.breaker, now);
  tell_breaker(node, capability, before, standing->breaker.state(), effects);
  if (!permit) return std::nullopt;
  ++standing->outstanding;
  // The next one, if nobody learns what becomes of this one.
  if (probe) standing->next_probe = now + policy.breaker.open_for;
  if (Reach* reach = around_.catalogue.reach(node)) ++reach->outstanding;
  return permit;
}

void Lessons::on_end(const base::NodeId& node, std::string_view capability) {
  // A provider that went and came back starts from nothing.
  Standing* standing = around_.catalogue.standing(node, capability);
  if (standing != nullptr && standing->outstanding > 0) --standing->outstanding;
  Reach* reach = around_.catalogue.reach(node);
  if (reach != nullptr && reach->outstanding > 0) --reach->outstanding;
}

void Lessons::on_unused(const base::NodeId& node, std::string_view capability,
                        const Breaker::Permit& permit, base::Instant now) {
  on_end(node, capability);
  Standing* standing = around_.catalogue.standing(node, capability);
  if (standing == nullptr) return;
  standing->breaker.on_result(permit, Breaker::Verdict::none,
                              around_.policies.of(capability)->breaker, now);
}

void Lessons::on_result(const Exchange& exchange, const OpenAttempt& attempt,
                        const Classified& classified, base::Instant now, Effects& effects) {
  const std::string& capability = exchange.request.capability;
  const CallPolicy& policy = *exchange.context.policy;
  if (classified.result == score::Result::transport) {
    penalise(attempt.node, classified.verdict == Verdict::not_processed, now);
  } else if (Reach* reach = around_.catalogue.reach(attempt.node)) {
    reach->failures = 0;
    reach->avoid_until = {};
  }
  Standing* standing = around_.catalogue.standing(attempt.node, capability);
  if (standing == nullptr) return;
  const bool full =
      classified.code == ProblemCode::overloaded || classified.code == ProblemCode::rate_limited;
  if (classified.verdict == Verdict::not_processed && full) {
    note_full(attempt.node, standing->latency, now);
  }
  const Breaker::State before = standing->breaker.state();
  standing->breaker.on_result(attempt.permit, verdict_of(classified, policy.breaker),
                              policy.breaker, now);
  tell_breaker(attempt.node, capability, before, standing->breaker.state(), effects);
  // A good probe of a breaker that is still half open calls for the next one; the last one does
  // not.
  if (attempt.permit.probe && classified.result == score::Result::success) {
    const bool wants_more = standing->breaker.state() == Breaker::State::half_open;
    standing->next_probe = wants_more ? base::Instant{} : now + policy.breaker.open_for;
  }
  if (classified.retry_after && !classified.code) {
    standing->not_before = std::max(standing->not_before, now + *classified.retry_after);
  }
  if (!classified.context_version.empty()) {
    standing->context_version = classified.context_version;
  }
  if (!classified.result) return;
  const base::Duration took = now - attempt.since;
  // What failed was quick or slow for reasons of its own.
  const bool timed =
      *classified.result == score::Result::success || *classified.result == score::Result::quality;
  standing->score.on_sample({.result = *classified.result,
                             .took = timed ? took : base::Duration::zero(),
                             .difficulty = difficulty_of(exchange),
                             .seen_quality = classified.checked,
                             .claimed_quality = classified.quality},
                            now);
  if (!timed) return;
  if (attempt.node == around_.self) agent_latency_ = averaged(agent_latency_, took);
  const std::optional<base::Duration> late = late_after(attempt.node, capability, policy);
  if (standing->ejection.is_ejected(now) && late && took <= *late) {
    standing->ejection.clear(now);
    standing->latency = {};
    effects.emplace_back(
        base::Transition{.machine = "outlier",
                         .from = "ejected",
                         .to = "in",
                         .subject = attempt.node.short_hex().append(" ").append(capability)});
  }
  standing->latency = averaged(standing->latency, took);
  standing->latency_seen = now;
  look_for_outliers(capability, policy, now, effects);
}

void Lessons::on_broken(const Exchange& exchange, const OpenAttempt& attempt, bool good,
                        base::Instant now, Effects& effects) {
  const std::string& capability = exchange.request.capability;
  const BreakerPolicy& policy = exchange.context.policy->breaker;
  penalise(attempt.node, false, now);
  Standing* standing = around_.catalogue.standing(attempt.node, capability);
  if (standing == nullptr) return;
  standing->score.on_sample(
      {.result = score::Result::transport, .difficulty = difficulty_of(exchange)}, now);
  if (!good) return;  // the breaker has it as a failure
  const Breaker::State before = standing->breaker.state();
  standing->breaker.on_broken(attempt.permit, policy, now);
  tell_breaker(attempt.node, capability, before, standing->breaker.state(), effects);
}

void Lessons::on_at_least(const Exchange& exchange, const OpenAttempt& attempt, bool over,
                          base::Instant now, Effects& effects) {
  const std::string& capability = exchange.request.capability;
  Standing* standing = around_.catalogue.standing(attempt.node, capability);
  if (standing == nullptr) return;
  if (over) {
    standing->breaker.on_result(attempt.permit, Breaker::Verdict::none,
                                exchange.context.policy->breaker, now);
  }
  const base::Duration took = now - attempt.since;
  standing->score.on_at_least(took, now);
  if (took <= standing->latency) return;
  standing->latency = averaged(standing->latency, took);
  standing->latency_seen = now;
  look_for_outliers(capability, *exchange.context.policy, now, effects);
}

void Lessons::on_withdrawn(const Exchange& exchange, const OpenAttempt& attempt,
                           base::Instant now) {
  Standing* standing = around_.catalogue.standing(attempt.node, exchange.request.capability);
  if (standing == nullptr) return;
  standing->breaker.on_result(attempt.permit, Breaker::Verdict::none,
                              exchange.context.policy->breaker, now);
}

void Lessons::on_served(const OpenAttempt& attempt, const Classified& classified,
                        base::Instant now) {
  if (!classified.result || *classified.result != score::Result::success) return;
  agent_latency_ = averaged(agent_latency_, now - attempt.since);
}

void Lessons::on_answer(const CallId& call, const base::NodeId& node, std::string_view capability) {
  answered_.add(call, node, capability);
}

void Lessons::on_feedback(std::string_view call, double quality, base::Instant now) {
  const AnsweredCalls::Answered* answered = answered_.judge(call);
  if (answered == nullptr) return;
  if (Standing* standing = around_.catalogue.standing(answered->node, answered->capability)) {
    standing->score.on_feedback(quality, now);
  }
}

std::optional<base::Duration> Lessons::late_after(const base::NodeId& node,
                                                  std::string_view capability,
                                                  const CallPolicy& policy) const {
  const Usual* usual = usual_.find(capability);
  if (usual == nullptr) return std::nullopt;
  const Catalogue::Offer* offer = around_.catalogue.offer(node, capability);
  base::Duration usually{};
  if (offer != nullptr) {
    usually = usual->latency.at(static_cast<std::size_t>(offer->capability->proficiency));
  }
  // Of a kind that was not seen yet at least what the slowest one takes is expected.
  if (usually <= base::Duration::zero()) usually = std::ranges::max(usual->latency);
  if (usually <= base::Duration::zero()) return std::nullopt;
  const double late = static_cast<double>(usually.count()) * policy.outliers.slower_than;
  return base::Duration(static_cast<std::int64_t>(std::min(late, 3.6e12)));  // an hour
}

std::optional<base::Duration> Lessons::nearly_all_within(std::string_view capability) const {
  const Usual* usual = usual_.find(capability);
  if (usual == nullptr || usual->nearly_all <= base::Duration::zero()) return std::nullopt;
  return usual->nearly_all;
}

void Lessons::penalise(const base::NodeId& node, bool unreachable, base::Instant now) {
  if (node == around_.self) {
    if (unreachable) around_.health.on_unreachable(around_.options, now);
    return;
  }
  Reach* reach = around_.catalogue.reach(node);
  if (reach == nullptr) return;
  const std::uint32_t doublings = std::min<std::uint32_t>(reach->failures, 16);
  ++reach->failures;
  reach->avoid_until = now + std::min(around_.options.penalty_min * (std::int64_t{1} << doublings),
                                      around_.options.penalty_max);
}

// Until one of its places is free again, if its calls end evenly. It tells of that by gossip, too
// late for most.
void Lessons::note_full(const base::NodeId& node, base::Duration latency, base::Instant now) {
  Reach* reach = around_.catalogue.reach(node);
  const Provider* provider = around_.catalogue.find(node);
  if (reach == nullptr || provider == nullptr) return;
  const std::int64_t places = std::max<std::int64_t>(1, provider->load.concurrency);
  reach->full_until = now + std::clamp<base::Duration>(latency / places, full_min, full_max);
}

void Lessons::tell_breaker(const base::NodeId& node, std::string_view capability,
                           Breaker::State before, Breaker::State after, Effects& effects) const {
  if (before == after) return;
  effects.emplace_back(
      base::Transition{.machine = "breaker",
                       .from = to_string(before),
                       .to = to_string(after),
                       .subject = node.short_hex().append(" ").append(capability)});
}

// Seldom enough that a call's cost does not grow with the number of agents.
void Lessons::look_for_outliers(std::string_view capability, const CallPolicy& policy,
                                base::Instant now, Effects& effects) {
  Usual& usual = usual_.use(capability);
  if (now < usual.look_again) return;
  usual.look_again = now + outliers_every;
  const Catalogue::Offers& offers = around_.catalogue.providers_of(capability);
  std::vector<base::Duration> tails;
  for (const Catalogue::Offer& offer : offers) {
    if (const auto tail = offer.standing->score.quantile(0.95, now)) tails.push_back(*tail);
  }
  usual.nearly_all = median(tails);
  std::vector<std::size_t> slowest;
  for (std::size_t proficiency = 0; proficiency < proficiencies; ++proficiency) {
    const std::vector<base::Duration> latencies =
        latencies_of(offers, static_cast<Proficiency>(proficiency));
    std::vector<base::Duration> known = latencies;
    std::erase(known, base::Duration::zero());
    usual.latency.at(proficiency) = median(known);
    const std::vector<std::size_t> slow = resilience::slow_outliers(latencies, policy.outliers);
    slowest.insert(slowest.end(), slow.begin(), slow.end());
  }
  if (!policy.outliers.enabled || !policy.health.response_time) return;
  eject(offers, slowest, policy.outliers, now, effects);
}

void Lessons::eject(const Catalogue::Offers& offers, const std::vector<std::size_t>& slowest,
                    const OutlierPolicy& policy, base::Instant now, Effects& effects) {
  // Who went out when the others were quicker is out still: the bound is for all of them.
  auto out = static_cast<std::size_t>(std::ranges::count_if(
      offers, [&](const auto& offer) { return offer.standing->ejection.is_ejected(now); }));
  const std::size_t most = resilience::ejected_max(offers.size(), policy);
  for (const std::size_t slow : slowest) {
    resilience::Ejection& ejection = offers[slow].standing->ejection;
    const bool was_out = ejection.is_ejected(now);
    // On trial it was not asked again yet: only a new answer counts against it.
    if (was_out && offers[slow].standing->latency_seen != now) continue;
    if (!was_out && out >= most) continue;
    ejection.eject(policy, now);
    if (was_out) continue;
    ++out;
    ++around_.counters.ejections;
    effects.emplace_back(base::Transition{
        .machine = "outlier",
        .from = "in",
        .to = "ejected",
        .subject = offers[slow].entry->node.short_hex() + " " + offers[slow].capability->name});
  }
}

}  // namespace mesh
