#include "mesh/routing/explain.h"

#include "mesh/routing/least_loaded.h"

#include <algorithm>
#include <string>
#include <tuple>

namespace mesh::routing {

namespace {

std::string words_of(Exclusion exclusion, const Catalogue::Offer& offer, const Question& question) {
  if (exclusion == Exclusion::unmet) {
    return "requires " + std::string(question.requirements.unmet(*offer.capability));
  }
  if (exclusion == Exclusion::unavailable) {
    return std::string(to_string(offer.entry->provider.availability));
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
  return out;
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
    if (row.availability != Availability::serving) {
      row.reasons.emplace_back(to_string(row.availability));
    }
    if (question.now < offer.entry->reach.avoid_until) {
      row.reasons.push_back("failed " + std::to_string(offer.entry->reach.failures) +
                            " times in a row");
    }
    if (offer.standing->ejection.is_ejected(question.now)) row.reasons.emplace_back("ejected");
    if (rank_of(offer, question) > candidates.rank) {
      row.verdict = RouteVerdict::avoided;
    } else if (chosen == &offer) {
      row.verdict = RouteVerdict::chosen;
    } else {
      row.verdict = RouteVerdict::eligible;
    }
  }
  std::ranges::stable_sort(out, {}, [](const RouteExplanation& row) {
    return std::tuple(row.verdict, row.expected_latency);
  });
  return out;
}

}  // namespace mesh::routing
