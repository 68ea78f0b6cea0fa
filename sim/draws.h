// What scenarios are drawn with.
#pragma once

#include "base/rng.h"
#include "sim/scenario.h"

#include <chrono>
#include <cstdint>
#include <vector>

namespace sim {

constexpr std::uint32_t percent = 10'000;  // in parts per million

[[nodiscard]] std::chrono::milliseconds draw_ms(base::Rng& rng, std::int64_t low,
                                                std::int64_t high);
// Up to `most` percent, in parts per million.
[[nodiscard]] std::uint32_t draw_share(base::Rng& rng, std::uint32_t most);
// `count` different nodes out of [first, nodes), ascending; fewer if there are no more.
[[nodiscard]] std::vector<NodeIndex> draw_nodes(base::Rng& rng, NodeIndex first, NodeIndex nodes,
                                                std::uint64_t count);

}  // namespace sim
