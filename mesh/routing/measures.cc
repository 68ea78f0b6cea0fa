#include "mesh/routing/measures.h"

#include "base/check.h"
#include "mesh/routing/least_loaded.h"
#include "mesh/score/scorecard.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace mesh::routing {

namespace {

// How often an agent of this proficiency is expected to do well before it was seen to.
double prior_success(Proficiency proficiency, score::Difficulty difficulty) {
  constexpr double priors[3][3] = {{0.95, 0.70, 0.40}, {0.95, 0.90, 0.70}, {0.95, 0.95, 0.95}};
  return priors[static_cast<std::size_t>(proficiency)][static_cast<std::size_t>(difficulty)];
}

constexpr double prior_samples = 5;

score::Difficulty difficulty_of(std::optional<double> complexity) {
  return complexity ? score::difficulty_of(*complexity) : score::Difficulty::medium;
}

// 0 is the best one.
int tier_of(const Standing& standing, const QualityTiers& tiers) {
  const score::Estimate quality = standing.quality();
  if (quality.samples < judged_enough || quality.value >= tiers.prefer) return 0;
  return quality.value >= tiers.accept ? 1 : 2;
}

template <class Keep>
std::vector<Candidate> those(const std::vector<Candidate>& best, Keep keep) {
  std::vector<Candidate> out;
  out.reserve(best.size());
  std::ranges::copy_if(best, std::back_inserter(out), keep);
  return out;
}

}  // namespace

base::Duration peak_load(const Catalogue::Offer& offer, const OwnAgent& own, base::Instant now) {
  const Catalogue::Entry& entry = *offer.entry;
  base::Duration latency = offer.standing->score.peak_latency(now);
  if (latency <= base::Duration::zero()) {
    // What others saw outranks what its node says of itself.
    const std::optional<double>& opinion = offer.standing->opinion.latency;
    latency =
        opinion ? base::Duration(static_cast<std::int64_t>(*opinion)) : entry.provider.load.latency;
  }
  if (latency <= base::Duration::zero()) latency = latency_unknown;
  const bool local = entry.node == own.node;
  const std::int64_t before =
      local ? own.in_flight : std::int64_t{entry.reach.outstanding} + entry.provider.load.in_flight;
  return std::min<base::Duration>(latency, std::chrono::hours(1)) *
         std::min<std::int64_t>(before + 1, 1'000'000);
}

const Candidate& by_latency(const std::vector<Candidate>& best, const OwnAgent& own, base::Rng& rng,
                            base::Instant now) {
  CHECK(!best.empty());
  if (best.size() == 1) return best.front();
  const auto first = static_cast<std::size_t>(rng.below(best.size()));
  auto second = static_cast<std::size_t>(rng.below(best.size() - 1));
  if (second >= first) ++second;
  const bool less =
      peak_load(*best[second].offer, own, now) < peak_load(*best[first].offer, own, now);
  return less ? best[second] : best[first];
}

double expected_cost(const Catalogue::Offer& offer, std::optional<double> complexity,
                     double dearest) {
  const score::Difficulty difficulty = difficulty_of(complexity);
  const score::Estimate seen = offer.standing->score.success(difficulty);
  // Others saw it at requests of all kinds: that may dash hopes, but not raise them.
  const double prior = std::min(prior_success(offer.capability->proficiency, difficulty),
                                offer.standing->opinion.success.value_or(1));
  const double success =
      (seen.value * seen.samples + prior * prior_samples) / (seen.samples + prior_samples);
  return static_cast<double>(offer.capability->cost_micros) + (1 - success) * dearest;
}

std::vector<Candidate> cheapest(const std::vector<Candidate>& best,
                                std::optional<double> complexity) {
  CHECK(!best.empty());
  std::int64_t dearest = 0;
  for (const Candidate& candidate : best) {
    dearest = std::max(dearest, candidate.offer->capability->cost_micros);
  }
  std::vector<double> costs;  // of each, once: this is most of what choosing by cost takes
  costs.reserve(best.size());
  for (const Candidate& candidate : best) {
    costs.push_back(expected_cost(*candidate.offer, complexity, static_cast<double>(dearest)));
  }
  const double most = *std::ranges::min_element(costs) * 1.02;
  std::vector<Candidate> out;
  out.reserve(best.size());
  for (std::size_t i = 0; i < best.size(); ++i) {
    if (costs[i] <= most) out.push_back(best[i]);
  }
  return out;
}

std::vector<Candidate> of_best_tier(const std::vector<Candidate>& best, const QualityTiers& tiers) {
  CHECK(!best.empty());
  std::vector<Candidate> out;
  out.reserve(best.size());
  int highest = tier_of(*best.front().offer->standing, tiers);
  for (const Candidate& candidate : best) {
    const int tier = tier_of(*candidate.offer->standing, tiers);
    if (tier > highest) continue;
    if (tier < highest) out.clear();
    highest = tier;
    out.push_back(candidate);
  }
  return out;
}

const Candidate& nearest(const std::vector<Candidate>& best) {
  CHECK(!best.empty());
  return *std::ranges::min_element(best, {}, [](const Candidate& candidate) {
    if (candidate.local) return base::Duration::zero();
    const base::Duration measured = candidate.offer->entry->provider.round_trip;
    return measured > base::Duration::zero() ? measured : base::Duration::max();
  });
}

std::vector<Candidate> above(const std::vector<Candidate>& best, Proficiency failed) {
  const auto proficiency = [](const Candidate& candidate) {
    return candidate.offer->capability->proficiency;
  };
  std::vector<Candidate> out =
      those(best, [&](const Candidate& candidate) { return proficiency(candidate) > failed; });
  if (!out.empty() || best.empty()) return out;
  const Proficiency highest = proficiency(*std::ranges::max_element(best, {}, proficiency));
  return those(best, [&](const Candidate& candidate) { return proficiency(candidate) == highest; });
}

std::vector<Candidate> suited(const std::vector<Candidate>& best, double complexity) {
  CHECK(!best.empty());
  const auto needed = static_cast<Proficiency>(static_cast<int>(score::difficulty_of(complexity)));
  const auto proficiency = [](const Candidate& candidate) {
    return candidate.offer->capability->proficiency;
  };
  Proficiency wanted = Proficiency::novice;
  bool anybody = false;
  for (const Candidate& candidate : best) {
    const Proficiency has = proficiency(candidate);
    if (has >= needed && (!anybody || has < wanted)) {
      wanted = has;
      anybody = true;
    }
  }
  if (!anybody) wanted = proficiency(*std::ranges::max_element(best, {}, proficiency));
  return those(best, [&](const Candidate& candidate) { return proficiency(candidate) == wanted; });
}

}  // namespace mesh::routing
