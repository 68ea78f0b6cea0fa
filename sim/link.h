// One directed way from a node to another: how long a datagram takes, whether it is lost, comes
// twice or waits. What becomes of a datagram is drawn from a stream of its own, keyed by the seed,
// the link, the time and its bytes: a fault that is taken out of a scenario leaves all other links
// as they were.
#pragma once

#include "base/rng.h"
#include "base/time.h"

#include <cstdint>
#include <optional>

namespace sim {

struct LinkQuality {
  base::Duration latency_min{};
  base::Duration latency_max{};
  std::uint32_t loss = 0;        // ppm
  std::uint32_t duplicate = 0;   // ppm
  std::uint32_t heavy_tail = 0;  // ppm that take 2, 4, 8, ... times as long
  std::uint32_t bit_rot = 0;     // ppm of datagrams
  bool cut = false;              // nothing passes
  bool clogged = false;          // what is sent waits until the clog ends
};

// The times that the copies of one datagram take: none if it is lost.
struct Fate {
  std::uint8_t copies = 0;
  base::Duration delays[2]{};
  std::optional<std::uint64_t> flipped;  // the bit, counted round and round, of the first copy
};

[[nodiscard]] Fate draw_fate(const LinkQuality& quality, base::Rng rng);

// The time that bytes take over a reliable link: loss becomes delay, as TCP makes of it.
[[nodiscard]] base::Duration draw_stream_delay(const LinkQuality& quality, base::Rng rng);

}  // namespace sim
