// What the policies latency, cost, quality and nearest compare, and which of the candidates suit
// the difficulty of a request.
//
//   latency   of two random ones the smaller peak EWMA times the calls before this one (Finagle's
//             p2c peak ewma): one slow answer drives calls away at once
//   cost      the least expected cost of a good answer: its own price, and with the probability
//             that it fails at requests so hard, the price of the dearest, who would then be asked
//   quality   the best tier that anybody reaches; who was judged too seldom is given a chance there
//   nearest   the shortest round trip that membership measured; the agent beside this node first
#pragma once

#include "base/rng.h"
#include "base/time.h"
#include "mesh/policy.h"
#include "mesh/routing/candidates.h"

#include <optional>
#include <vector>

namespace mesh::routing {

// Judged so often, an estimate of quality places an agent in its tier.
inline constexpr double judged_enough = 5;

// `best` must not be empty in any of these.
[[nodiscard]] const Candidate& by_latency(const std::vector<Candidate>& best, const OwnAgent& own,
                                          base::Rng& rng, base::Instant now);
[[nodiscard]] std::vector<Candidate> cheapest(const std::vector<Candidate>& best,
                                              std::optional<double> complexity);
[[nodiscard]] std::vector<Candidate> of_best_tier(const std::vector<Candidate>& best,
                                                  const QualityTiers& tiers);
[[nodiscard]] const Candidate& nearest(const std::vector<Candidate>& best);

// Those who can do more than one that failed at it; if nobody can, those of the most able kind that
// is left: an expert's slip is no reason to give it to a novice.
[[nodiscard]] std::vector<Candidate> above(const std::vector<Candidate>& best, Proficiency failed);

// The least proficient that will do for such a request, else the most proficient there are. All, if
// nobody said how hard it is.
[[nodiscard]] std::vector<Candidate> suited(const std::vector<Candidate>& best, double complexity);

[[nodiscard]] base::Duration peak_load(const Catalogue::Offer& offer, const OwnAgent& own,
                                       base::Instant now);
// In millionths of the currency unit.
[[nodiscard]] double expected_cost(const Catalogue::Offer& offer, std::optional<double> complexity,
                                   double dearest);

}  // namespace mesh::routing
