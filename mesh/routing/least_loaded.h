// least_loaded: of up to looks_max candidates, drawn at random if there are more, the one with the
// smallest expected latency; of equals one by chance. Expected is the latency seen here times our
// own calls there and this one. What was seen fades by half every 10 s, so that a node that was
// slow once is tried again. Differences of latency below latency_floor, and below half as much
// again as the shortest, are noise: among these only the calls count. Of whom nothing is known no
// more is expected than of the best, so it gets its share and no flood.
//
// The calls that a node reports itself are not counted: what many callers hear late makes them run
// to the same node at once (Mitzenmacher, "How Useful Is Old Information?", 2000), and two choices
// leave more in line than a look at all (decision 0051).
#pragma once

#include "base/rng.h"
#include "base/time.h"
#include "mesh/routing/candidates.h"

#include <cstddef>

namespace mesh::routing {

// Of a provider about which nothing is known: low, so that it is tried soon.
inline constexpr base::Duration latency_unknown = std::chrono::milliseconds(1);
inline constexpr base::Duration latency_floor = std::chrono::milliseconds(1);
inline constexpr std::size_t looks_max = 16;
inline constexpr base::Duration latency_half_life = std::chrono::seconds(10);

[[nodiscard]] base::Duration expected_latency(const Catalogue::Offer& offer, const OwnAgent& own,
                                              base::Instant now);

// `best` must not be empty.
[[nodiscard]] const Candidate& least_loaded(const std::vector<Candidate>& best, const OwnAgent& own,
                                            base::Rng& rng, base::Instant now);

}  // namespace mesh::routing
