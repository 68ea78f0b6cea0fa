#include "mesh/routing/explain.h"

#include "base/strings.h"
#include "mesh/routing/least_loaded.h"
#include "mesh/routing/measures.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

namespace mesh::routing {

namespace {

std::string rounded(double value) {
  const auto thousandths = static_cast<std::int64_t>(std::lround(value * 1'000));
  std::string digits = std::to_string(thousandths % 1'000);
  digits.insert(0, 3 - digits.size(), '0');
  return std::to_string(thousandths / 1'000) + "." + digits;
}

std::string in_seconds(base::Duration wait) {
  return base::format_duration(std::chrono::ceil<std::chrono::seconds>(wait));
}

std::string words_of(Exclusion exclusion, const Catalogue::Offer& offer, const Question& question) {
  if (exclusion == Exclusion::unmet) {
    return "requires " + std::string(question.requirements.unmet(*offer.capability));
  }
  if (exclusion == Exclusion::unavailable) {
    return std::string(to_string(offer.entry->provider.availability));
  }
  const Standing& standing = *offer.standing;
  if (exclusion == Exclusion::below_quality) {
    return "quality " + rounded(standing.quality().value) + " is below neverBelow " +
           rounded(question.policy.quality.never_below);
  }
  if (exclusion == Exclusion::breaker_open && standing.breaker.retry_at() > question.now) {
    return "breaker_open, probes in " + in_seconds(standing.breaker.retry_at() - question.now);
  }
  if (exclusion == Exclusion::waiting) {
    return "asked_to_wait " + in_seconds(standing.not_before - question.now);
  }
  return std::string(to_string(exclusion));
}

RouteExplanation describe(const Catalogue::Offer& offer, const Question& question) {
  const Catalogue::Entry& entry = *offer.entry;
  RouteExplanation out;
  out.node = entry.node;
  out.name = entry.provider.name;
  out.local = entry.node == question.own.node;
  out.availability = entry.provider.availability;
  out.expected_latency = expected_latency(offer, question.own, question.now);
  out.outstanding = out.local ? question.own.in_flight : entry.reach.outstanding;
  out.load = entry.provider.load;
  out.proficiency = offer.capability->proficiency;
  out.version = offer.capability->version;
  out.cost_micros = offer.capability->cost_micros;
  const Standing& standing = *offer.standing;
  out.success = standing.success();
  out.quality = standing.quality();
  out.others = standing.opinion.authors;
  out.breaker = standing.breaker.state();
  return out;
}

// What the policy compares, where the other one is better.
std::optional<std::string> worse_than(const Catalogue::Offer& offer, const Catalogue::Offer& chosen,
                                      const Question& question, const Wishes& wishes) {
  const score::Estimate quality = offer.standing->quality();
  const QualityTiers& tiers = question.policy.quality;
  switch (wishes.route) {
    case RoutePolicy::cost:
      if (offer.capability->cost_micros > chosen.capability->cost_micros) return "costs more";
      break;
    case RoutePolicy::quality:
      if (quality.samples < judged_enough || quality.value >= tiers.prefer) break;
      return "quality " + rounded(quality.value) + " is below " +
             rounded(quality.value < tiers.accept ? tiers.accept : tiers.prefer);
    case RoutePolicy::nearest:
      if (offer.entry->provider.round_trip > chosen.entry->provider.round_trip) return "farther";
      break;
    case RoutePolicy::least_loaded:
    case RoutePolicy::latency:
      if (expected_latency(offer, question.own, question.now) >
          expected_latency(chosen, question.own, question.now)) {
        return "slower or busier";
      }
      break;
    case RoutePolicy::preference:
      return "comes later in route.nodes";
    case RoutePolicy::round_robin:
      return "its turn comes later";
  }
  return std::nullopt;
}

void add_reasons(const Catalogue::Offer& offer, const Question& question, RouteExplanation& row) {
  const Standing& standing = *offer.standing;
  if (row.availability != Availability::serving) {
    row.reasons.emplace_back(to_string(row.availability));
  } else if (is_full(*offer.entry, question.now)) {
    row.reasons.emplace_back(to_string(Rank::at_capacity));
  }
  if (question.now < offer.entry->reach.avoid_until) {
    row.reasons.push_back("failed " + std::to_string(offer.entry->reach.failures) +
                          " times in a row");
  }
  if (standing.ejection.is_ejected(question.now)) {
    row.reasons.emplace_back(question.heeds_latency ? "ejected" : "ejected as slow, not heeded");
  }
  if (standing.breaker.would_probe(question.now)) row.reasons.emplace_back("breaker wants a probe");
}

}  // namespace

std::vector<RouteExplanation> explain(const Catalogue::Offers& offers, const Question& question,
                                      const Wishes& wishes, const Chooser& chooser) {
  Candidates candidates;
  gather(offers, question, candidates);
  const Catalogue::Offer* chosen =
      candidates.best.empty()
          ? nullptr
          : chooser.foresee(candidates, wishes, question.own, question.now).offer;
  std::vector<RouteExplanation> out;
  out.reserve(offers.size());
  for (const Catalogue::Offer& offer : offers) {
    RouteExplanation& row = out.emplace_back(describe(offer, question));
    const Exclusion exclusion = exclusion_of(offer, question);
    if (exclusion != Exclusion::none) {
      row.verdict = RouteVerdict::excluded;
      row.reasons.push_back(words_of(exclusion, offer, question));
      continue;
    }
    add_reasons(offer, question, row);
    if (rank_of(offer, question) > candidates.rank) {
      row.verdict = RouteVerdict::avoided;
    } else if (chosen == &offer) {
      row.verdict = RouteVerdict::chosen;
    } else {
      row.verdict = RouteVerdict::eligible;
      if (auto why = worse_than(offer, *chosen, question, wishes)) {
        row.reasons.push_back(std::move(*why));
      }
    }
  }
  std::ranges::stable_sort(out, {}, [](const RouteExplanation& row) {
    return std::tuple(row.verdict, row.expected_latency);
  });
  return out;
}

}  // namespace mesh::routing
