#include "mesh/routing/least_loaded.h"

#include "base/check.h"

#include <algorithm>

namespace mesh::routing {

base::Duration expected_latency(const Catalogue::Offer& offer, const OwnAgent& own,
                                base::Instant now) {
  const Catalogue::Entry& entry = *offer.entry;
  const Standing& standing = *offer.standing;
  const ProviderLoad& load = entry.provider.load;
  const bool local = entry.node == own.node;
  base::Duration latency = local ? own.latency : standing.latency;
  if (latency > base::Duration::zero() && !local) {
    const std::int64_t halvings =
        std::clamp<std::int64_t>((now - standing.latency_seen) / latency_half_life, 0, 40);
    latency = base::Duration(latency.count() >> halvings);
    // What the node says of itself bounds how far a bad experience may fade.
    latency = std::max(latency, std::min(load.latency, standing.latency));
  }
  if (latency <= base::Duration::zero()) latency = load.latency;
  if (latency <= base::Duration::zero()) latency = latency_unknown;
  latency = std::max(latency, latency_floor);
  const std::int64_t before =
      local ? own.in_flight : std::int64_t{entry.reach.outstanding} + load.in_flight;
  // An hour is as good as never, and keeps the product in range.
  return std::min<base::Duration>(latency, std::chrono::hours(1)) *
         std::min<std::int64_t>(before + 1, 1'000'000);
}

const Candidate& least_loaded(const std::vector<Candidate>& best, const OwnAgent& own,
                              base::Rng& rng, base::Instant now) {
  CHECK(!best.empty());
  if (best.size() == 1) return best.front();
  const auto first = static_cast<std::size_t>(rng.below(best.size()));
  auto second = static_cast<std::size_t>(rng.below(best.size() - 1));
  if (second >= first) ++second;
  const base::Duration a = expected_latency(*best[first].offer, own, now);
  const base::Duration b = expected_latency(*best[second].offer, own, now);
  const bool markedly_less = b.count() * 3 < a.count() * 2;
  return markedly_less ? best[second] : best[first];
}

}  // namespace mesh::routing
