#include "mesh/routing/least_loaded.h"

#include "base/check.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace mesh::routing {

namespace {

// What one call takes there; nothing: nobody knows.
std::optional<base::Duration> latency_of(const Catalogue::Offer& offer, const OwnAgent& own,
                                         base::Instant now) {
  const Standing& standing = *offer.standing;
  base::Duration told = offer.entry->provider.load.latency;
  // What others saw outranks what it says of itself, if it would make it look better.
  if (const auto& seen = standing.opinion.latency) {
    told = std::max(told, base::Duration(static_cast<std::int64_t>(*seen)));
  }
  const bool local = offer.entry->node == own.node;
  base::Duration latency = local ? own.latency : standing.latency;
  if (latency > base::Duration::zero() && !local) {
    const std::int64_t halvings =
        std::clamp<std::int64_t>((now - standing.latency_seen) / latency_half_life, 0, 40);
    latency = base::Duration(latency.count() >> halvings);
    // What the node says of itself bounds how far a bad experience may fade.
    latency = std::max(latency, std::min(told, standing.latency));
  }
  if (latency <= base::Duration::zero()) latency = told;
  if (latency <= base::Duration::zero()) return std::nullopt;
  // An hour is as good as never, and keeps products in range.
  return std::clamp<base::Duration>(latency, latency_floor, std::chrono::hours(1));
}

std::int64_t places_before(const Catalogue::Offer& offer, const OwnAgent& own) {
  const Catalogue::Entry& entry = *offer.entry;
  const std::int64_t before =
      entry.node == own.node ? own.in_flight : std::int64_t{entry.reach.outstanding};
  return std::min<std::int64_t>(before + 1, 1'000'000);
}

struct Look {
  const Candidate* candidate = nullptr;
  std::optional<base::Duration> latency;
  std::int64_t places = 1;
  // Of whom nothing is known no more is expected than of the best, and half as much again is noise:
  // among these only the calls before it count.
  [[nodiscard]] base::Duration takes(base::Duration shortest) const {
    const base::Duration known = latency.value_or(shortest);
    return (known.count() * 2 <= shortest.count() * 3 ? shortest : known) * places;
  }
};

}  // namespace

base::Duration expected_latency(const Catalogue::Offer& offer, const OwnAgent& own,
                                base::Instant now) {
  return latency_of(offer, own, now).value_or(latency_unknown) * places_before(offer, own);
}

const Candidate& least_loaded(const std::vector<Candidate>& best, const OwnAgent& own,
                              base::Rng& rng, base::Instant now) {
  CHECK(!best.empty());
  if (best.size() == 1) return best.front();
  std::array<Look, looks_max> looks;
  const std::size_t count = std::min(best.size(), looks_max);
  std::optional<base::Duration> known;
  for (std::size_t i = 0; i < count; ++i) {
    const Candidate& candidate =
        best.size() <= looks_max ? best[i] : best[static_cast<std::size_t>(rng.below(best.size()))];
    looks[i] = {&candidate, latency_of(*candidate.offer, own, now),
                places_before(*candidate.offer, own)};
    if (const auto latency = looks[i].latency) known = std::min(known.value_or(*latency), *latency);
  }
  const base::Duration shortest = known.value_or(latency_unknown);
  base::Duration least = base::Duration::max();
  for (std::size_t i = 0; i < count; ++i) least = std::min(least, looks[i].takes(shortest));
  std::size_t few = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (looks[i].takes(shortest) == least) looks[few++] = looks[i];
  }
  return *looks[static_cast<std::size_t>(rng.below(few))].candidate;
}

}  // namespace mesh::routing
