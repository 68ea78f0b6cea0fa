// least_loaded: of two random candidates the one with the smaller expected latency (Mitzenmacher,
// "The Power of Two Choices in Randomized Load Balancing", 2001). Expected is the latency seen here
// times the calls that would stand before it: ours that are outstanding and those that the node
// itself reports. What was seen fades by half every 10 s, so that a node that was slow once is
// tried again. Differences below latency_floor, and below half as much again, are noise (one call
// that paid for a new link): those providers share the load by chance.
#pragma once

#include "base/rng.h"
#include "base/time.h"
#include "mesh/routing/candidates.h"

namespace mesh::routing {

// Of a provider about which nothing is known: low, so that it is tried soon.
inline constexpr base::Duration latency_unknown = std::chrono::milliseconds(1);
inline constexpr base::Duration latency_floor = std::chrono::milliseconds(1);
inline constexpr base::Duration latency_half_life = std::chrono::seconds(10);

[[nodiscard]] base::Duration expected_latency(const Catalogue::Offer& offer, const OwnAgent& own,
                                              base::Instant now);

// `best` must not be empty.
[[nodiscard]] const Candidate& least_loaded(const std::vector<Candidate>& best, const OwnAgent& own,
                                            base::Rng& rng, base::Instant now);

}  // namespace mesh::routing
