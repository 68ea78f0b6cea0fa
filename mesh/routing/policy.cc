#include "mesh/routing/policy.h"

#include "base/check.h"
#include "mesh/routing/least_loaded.h"
#include "mesh/routing/measures.h"
#include "mesh/routing/preference.h"

#include <algorithm>
#include <vector>

namespace mesh::routing {

namespace {

// Null if the draw or the turn decides.
const Candidate* wished(const Candidates& candidates, const Wishes& wishes) {
  if (!wishes.prefer.empty()) {
    if (const Candidate* found = named(candidates.best, wishes.prefer)) return found;
  }
  if (wishes.route != RoutePolicy::preference) return nullptr;
  return preferred(candidates.best, wishes.policy.prefer);
}

// Those among whom the policy leaves it to load and chance.
std::vector<Candidate> narrowed(const std::vector<Candidate>& all, const Wishes& wishes) {
  if (wishes.route == RoutePolicy::round_robin) return all;
  const std::vector<Candidate> best = wishes.above ? above(all, *wishes.above) : all;
  if (wishes.route == RoutePolicy::cost) return cheapest(best, wishes.complexity);
  std::vector<Candidate> out = wishes.complexity ? suited(best, *wishes.complexity) : best;
  if (wishes.route == RoutePolicy::quality) out = of_best_tier(out, wishes.policy.quality);
  return out;
}

bool narrows(const Wishes& wishes) {
  return wishes.complexity || wishes.above || wishes.route == RoutePolicy::cost ||
         wishes.route == RoutePolicy::quality;
}

}  // namespace

Candidate Chooser::choose(const Candidates& candidates, const Wishes& wishes, const OwnAgent& own,
                          base::Instant now) {
  CHECK(!candidates.best.empty());
  if (const Candidate* found = wished(candidates, wishes)) return *found;
  if (!narrows(wishes)) return pick(candidates.best, wishes, own, now);
  return pick(narrowed(candidates.best, wishes), wishes, own, now);
}

Candidate Chooser::pick(const std::vector<Candidate>& from, const Wishes& wishes,
                        const OwnAgent& own, base::Instant now) {
  switch (wishes.route) {
    case RoutePolicy::round_robin:
      return round_robin_.next(wishes.capability, from);
    case RoutePolicy::latency:
      return by_latency(from, own, rng_, now);
    case RoutePolicy::nearest:
      return nearest(from);
    case RoutePolicy::least_loaded:
    case RoutePolicy::cost:
    case RoutePolicy::quality:
    case RoutePolicy::preference:
      return least_loaded(from, own, rng_, now);
  }
  CHECK(false);
  return from.front();
}

Candidate Chooser::foresee(const Candidates& candidates, const Wishes& wishes, const OwnAgent& own,
                           base::Instant now) const {
  CHECK(!candidates.best.empty());
  if (const Candidate* found = wished(candidates, wishes)) return *found;
  const std::vector<Candidate> from = narrowed(candidates.best, wishes);
  if (wishes.route == RoutePolicy::round_robin) return round_robin_.peek(wishes.capability, from);
  if (wishes.route == RoutePolicy::nearest) return nearest(from);
  return *std::ranges::min_element(from, {}, [&](const Candidate& candidate) {
    return wishes.route == RoutePolicy::latency ? peak_load(*candidate.offer, own, now)
                                                : expected_latency(*candidate.offer, own, now);
  });
}

}  // namespace mesh::routing
