#include "sim/link.h"

#include <algorithm>

namespace sim {

namespace {

base::Duration draw_latency(const LinkQuality& quality, base::Rng& rng) {
  base::Duration delay(rng.between(quality.latency_min.count(), quality.latency_max.count()));
  if (quality.heavy_tail == 0 || !rng.chance(quality.heavy_tail)) return delay;
  // Of those that take twice as long or more, half take four times as long or more: no mean tells
  // how long the next one takes.
  constexpr base::Duration delay_max = std::chrono::seconds(3);
  do {
    delay *= 2;
  } while (delay < delay_max && rng.chance(500'000));
  return std::max(std::min(delay, delay_max), quality.latency_min);
}

}  // namespace

Fate draw_fate(const LinkQuality& quality, base::Rng rng) {
  if (quality.cut || rng.chance(quality.loss)) return {};
  Fate fate{.copies = 1, .delays = {draw_latency(quality, rng), {}}, .flipped = {}};
  if (rng.chance(quality.duplicate)) {
    fate.copies = 2;
    fate.delays[1] = draw_latency(quality, rng);
  }
  if (quality.bit_rot > 0 && rng.chance(quality.bit_rot)) fate.flipped = rng.next();
  return fate;
}

base::Duration draw_stream_delay(const LinkQuality& quality, base::Rng rng) {
  constexpr base::Duration retransmission_min = std::chrono::milliseconds(200);  // Linux' least RTO
  constexpr int retransmissions_max = 6;
  base::Duration delay = draw_latency(quality, rng);
  base::Duration wait = retransmission_min;
  for (int i = 0; i < retransmissions_max && rng.chance(quality.loss); ++i) {
    delay += wait;
    wait *= 2;
  }
  return delay;
}

}  // namespace sim
