#include "mesh/routing/policy.h"

#include "base/check.h"
#include "mesh/routing/least_loaded.h"
#include "mesh/routing/preference.h"

#include <algorithm>

namespace mesh::routing {

namespace {

// Null if the draw or the turn decides.
const Candidate* wished(const Candidates& candidates, const Wishes& wishes) {
  if (!wishes.prefer.empty()) {
    if (const Candidate* found = named(candidates.best, wishes.prefer)) return found;
  }
  if (wishes.route != RoutePolicy::preference) return nullptr;
  return preferred(candidates.best, wishes.nodes);
}

}  // namespace

const Candidate& Chooser::choose(const Candidates& candidates, const Wishes& wishes,
                                 const OwnAgent& own, base::Instant now) {
  CHECK(!candidates.best.empty());
  if (const Candidate* found = wished(candidates, wishes)) return *found;
  switch (wishes.route) {
    case RoutePolicy::round_robin:
      return round_robin_.next(wishes.capability, candidates.best);
    case RoutePolicy::least_loaded:
    case RoutePolicy::latency:
    case RoutePolicy::cost:
    case RoutePolicy::quality:
    case RoutePolicy::nearest:
    case RoutePolicy::preference:
      return least_loaded(candidates.best, own, rng_, now);
  }
  CHECK(false);
  return candidates.best.front();
}

const Candidate& Chooser::foresee(const Candidates& candidates, const Wishes& wishes,
                                  const OwnAgent& own, base::Instant now) const {
  CHECK(!candidates.best.empty());
  if (const Candidate* found = wished(candidates, wishes)) return *found;
  if (wishes.route == RoutePolicy::round_robin) {
    return round_robin_.peek(wishes.capability, candidates.best);
  }
  return *std::ranges::min_element(candidates.best, {}, [&](const Candidate& candidate) {
    return expected_latency(*candidate.offer, own, now);
  });
}

}  // namespace mesh::routing
