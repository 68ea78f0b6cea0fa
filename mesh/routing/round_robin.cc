#include "mesh/routing/round_robin.h"

#include "base/check.h"

#include <algorithm>

namespace mesh::routing {

const Candidate& RoundRobin::peek(std::string_view capability,
                                  const std::vector<Candidate>& best) const {
  CHECK(!best.empty());
  const auto last = last_.find(capability);
  if (last == last_.end()) return best.front();
  const auto after = std::ranges::upper_bound(
      best, last->second, {},
      [](const Candidate& candidate) { return candidate.offer->entry->node; });
  return after == best.end() ? best.front() : *after;
}

const Candidate& RoundRobin::next(std::string_view capability, const std::vector<Candidate>& best) {
  const Candidate& chosen = peek(capability, best);
  const base::NodeId& node = chosen.offer->entry->node;
  const auto last = last_.find(capability);
  if (last != last_.end()) {
    last->second = node;
    return chosen;
  }
  if (last_.size() >= capabilities_max) last_.clear();  // turns start over; nobody is harmed
  last_.emplace(capability, node);
  return chosen;
}

}  // namespace mesh::routing
