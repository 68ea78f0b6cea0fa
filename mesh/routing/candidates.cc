#include "mesh/routing/candidates.h"

#include "base/check.h"
#include "mesh/classify.h"

#include <algorithm>

namespace mesh::routing {

namespace {

// About how long what a node says of itself is under way.
constexpr base::Duration news_take = std::chrono::milliseconds(500);

Rank rank_of_availability(Availability availability) {
  switch (availability) {
    case Availability::serving:
      return Rank::serving;
    case Availability::at_capacity:
      return Rank::at_capacity;
    case Availability::degraded:
      return Rank::degraded;
    case Availability::suspect:
      return Rank::suspect;
    case Availability::joining:
      return Rank::joining;
    case Availability::draining:
    case Availability::left:
    case Availability::dead:
      return Rank::excluded;
  }
  CHECK(false);
  return {};
}

Exclusion own_agents_exclusion(const OwnAgent& own) {
  if (own.draining) return Exclusion::own_agent_draining;
  if (own.unwell) return Exclusion::own_agent_unwell;
  if (own.full) return Exclusion::own_agent_full;
  return Exclusion::none;
}

bool is_below_quality(const Standing& standing, const CallPolicy& policy) {
  if (!policy.health.output_quality || policy.quality.never_below <= 0) return false;
  const score::Estimate quality = standing.quality();
  return quality.samples > 0 && quality.value < policy.quality.never_below;
}

bool is_stale(const Standing& standing, const Question& question) {
  return question.policy.health.context_freshness && !question.context_version.empty() &&
         !standing.context_version.empty() &&
         is_older(standing.context_version, question.context_version);
}

bool takes_probes(Availability availability) {
  return availability == Availability::serving || availability == Availability::at_capacity;
}

// The place of its last try, counted from 1; 0: none. Whose last try is longest ago is asked again
// first, so that attempts take turns.
std::size_t asked_at(const std::vector<base::NodeId>& tried, const base::NodeId& node) {
  const auto last = std::find(tried.rbegin(), tried.rend(), node);
  return static_cast<std::size_t>(tried.rend() - last);
}

void count(Exclusion exclusion, Candidates& out) {
  switch (exclusion) {
    case Exclusion::unmet:
      ++out.unmet;
      break;
    case Exclusion::in_path:
      ++out.in_path;
      break;
    case Exclusion::own_agent_full:
      ++out.full;
      break;
    case Exclusion::own_agent_unwell:
      ++out.unwell;
      break;
    case Exclusion::breaker_open:
      ++out.open;
      break;
    case Exclusion::waiting:
      ++out.waiting;
      break;
    case Exclusion::below_quality:
      ++out.below;
      break;
    case Exclusion::none:
    case Exclusion::under_way:
    case Exclusion::not_expert:
    case Exclusion::unavailable:
    case Exclusion::own_agent_draining:
      break;
  }
}

}  // namespace

std::string_view to_string(Exclusion exclusion) {
  switch (exclusion) {
    case Exclusion::none:
      return "none";
    case Exclusion::unmet:
      return "unmet";
    case Exclusion::in_path:
      return "in_path";
    case Exclusion::under_way:
      return "under_way";
    case Exclusion::not_expert:
      return "not_expert";
    case Exclusion::breaker_open:
      return "breaker_open";
    case Exclusion::waiting:
      return "asked_to_wait";
    case Exclusion::below_quality:
      return "below_quality";
    case Exclusion::unavailable:
      return "unavailable";
    case Exclusion::own_agent_unwell:
      return "unhealthy";
    case Exclusion::own_agent_full:
      return "at_capacity";
    case Exclusion::own_agent_draining:
      return "draining";
  }
  CHECK(false);
  return {};
}

bool heeds_latency(RoutePolicy policy) {
  return policy == RoutePolicy::least_loaded || policy == RoutePolicy::latency ||
         policy == RoutePolicy::nearest;
}

std::string_view to_string(Rank rank) {
  switch (rank) {
    case Rank::serving:
      return "serving";
    case Rank::at_capacity:
      return "at_capacity";
    case Rank::penalised:
      return "penalised";
    case Rank::stale:
      return "stale";
    case Rank::ejected:
      return "ejected";
    case Rank::degraded:
      return "degraded";
    case Rank::tried:
      return "tried";
    case Rank::suspect:
      return "suspect";
    case Rank::joining:
      return "joining";
    case Rank::tried_in_vain:
      return "tried_in_vain";
    case Rank::excluded:
      return "excluded";
  }
  CHECK(false);
  return {};
}

Exclusion exclusion_of(const Catalogue::Offer& offer, const Question& question) {
  const Catalogue::Entry& entry = *offer.entry;
  if (!takes_calls(entry.provider.availability)) return Exclusion::unavailable;
  if (!question.requirements.empty() && !question.requirements.unmet(*offer.capability).empty()) {
    return Exclusion::unmet;
  }
  if (!question.path.empty() && passes(question.path, Hop::of(entry.node))) {
    return Exclusion::in_path;
  }
  for (const OpenAttempt& open : question.open) {
    if (open.node == entry.node) return Exclusion::under_way;
  }
  if (question.experts_only && offer.capability->proficiency != Proficiency::expert) {
    return Exclusion::not_expert;
  }
  if (entry.node == question.own.node) {
    const Exclusion own = own_agents_exclusion(question.own);
    if (own != Exclusion::none) return own;
  }
  const Standing& standing = *offer.standing;
  if (question.now < standing.not_before) return Exclusion::waiting;
  if (!standing.breaker.admits(question.policy.breaker, question.now)) {
    return Exclusion::breaker_open;
  }
  if (is_below_quality(standing, question.policy)) return Exclusion::below_quality;
  return Exclusion::none;
}

bool is_probe_due(const Catalogue::Offer& offer, const Question& question) {
  if (question.probing == Probing::none) return false;
  const Standing& standing = *offer.standing;
  base::Instant due =
      std::max({standing.not_before, standing.next_probe, standing.breaker.retry_at()});
  if (question.probing == Probing::overdue && due != base::Instant{}) {
    due = due + question.policy.breaker.open_for;
  }
  if (question.now < due) return false;
  if (!standing.breaker.admits(question.policy.breaker, question.now)) return false;
  return standing.breaker.would_probe(question.now) ||
         is_below_quality(standing, question.policy) || is_stale(standing, question) ||
         (question.heeds_latency &&
          question.probing == Probing::due &&  // it comes back unprobed too
          standing.ejection.wants_probe(question.now));
}

bool is_full(const Catalogue::Entry& entry, base::Instant now) {
  const std::uint32_t places = entry.provider.load.concurrency;
  return (places != 0 && entry.reach.outstanding >= places) || now < entry.reach.full_until;
}

Rank rank_of(const Catalogue::Offer& offer, const Question& question) {
  const Provider& provider = offer.entry->provider;
  Rank rank = rank_of_availability(provider.availability);
  // That it has no place left is old news by the time it is heard, if calls are short.
  const base::Duration call = provider.load.latency;
  const bool old_news = call > base::Duration::zero() && call < news_take;
  if (rank == Rank::at_capacity && old_news) rank = Rank::serving;
  const Standing& standing = *offer.standing;
  if (is_full(*offer.entry, question.now)) rank = std::max(rank, Rank::at_capacity);
  if (question.now < offer.entry->reach.avoid_until) rank = std::max(rank, Rank::penalised);
  if (is_stale(standing, question)) rank = std::max(rank, Rank::stale);
  if (question.heeds_latency && standing.ejection.is_ejected(question.now))
    rank = std::max(rank, Rank::ejected);
  // A breaker that wants a probe is no place for a call that cannot be made elsewhere after it.
  if (standing.breaker.would_probe(question.now)) rank = std::max(rank, Rank::ejected);
  if (std::ranges::find(question.tried, offer.entry->node) != question.tried.end()) {
    const bool penalised = question.now < offer.entry->reach.avoid_until;
    rank = penalised || rank > Rank::tried ? Rank::tried_in_vain : Rank::tried;
  }
  return rank;
}

void gather(const Catalogue::Offers& offers, const Question& question, Candidates& out) {
  std::vector<Candidate> memory = std::move(out.best);
  out = Candidates{};
  out.best = std::move(memory);
  out.best.clear();
  out.offers = static_cast<std::uint32_t>(offers.size());
  for (const Catalogue::Offer& offer : offers) {
    const Candidate candidate{.offer = &offer, .local = offer.entry->node == question.own.node};
    const Exclusion exclusion = exclusion_of(offer, question);
    const bool out_for_what_it_did =
        exclusion == Exclusion::none || exclusion == Exclusion::below_quality;
    if (!out.probe && out_for_what_it_did && takes_probes(offer.entry->provider.availability) &&
        is_probe_due(offer, question)) {
      out.probe = candidate;
      continue;
    }
    if (exclusion != Exclusion::none) {
      count(exclusion, out);
      if (exclusion == Exclusion::breaker_open) {
        out.retry_at = std::min(out.retry_at, offer.standing->breaker.retry_at());
      }
      if (exclusion == Exclusion::waiting) {
        out.retry_at = std::min(out.retry_at, offer.standing->not_before);
      }
      continue;
    }
    const Rank rank = rank_of(offer, question);
    if (rank > out.rank) continue;
    const std::size_t asked = asked_at(question.tried, offer.entry->node);
    if (rank == out.rank && asked > out.asked && !out.best.empty()) continue;
    if (rank < out.rank || asked < out.asked) {
      out.best.clear();
      out.rank = rank;
    }
    out.asked = asked;
    out.best.push_back(candidate);
  }
}

}  // namespace mesh::routing
