#include "sim/draws.h"

#include <algorithm>
#include <cstddef>

namespace sim {

std::chrono::milliseconds draw_ms(base::Rng& rng, std::int64_t low, std::int64_t high) {
  return std::chrono::milliseconds(rng.between(low, high));
}

std::uint32_t draw_share(base::Rng& rng, std::uint32_t most) {
  return static_cast<std::uint32_t>(rng.between(0, most)) * percent;
}

std::vector<NodeIndex> draw_nodes(base::Rng& rng, NodeIndex first, NodeIndex nodes,
                                  std::uint64_t count) {
  std::vector<NodeIndex> all;
  for (NodeIndex node = first; node < nodes; ++node) all.push_back(node);
  rng.shuffle(all);
  all.resize(std::min(all.size(), static_cast<std::size_t>(count)));
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace sim
