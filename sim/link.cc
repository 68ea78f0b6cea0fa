#include "sim/link.h"

namespace sim {

namespace {

base::Duration draw_latency(const LinkQuality& quality, base::Rng& rng) {
  return base::Duration(rng.between(quality.latency_min.count(), quality.latency_max.count()));
}

}  // namespace

Fate draw_fate(const LinkQuality& quality, base::Rng rng) {
  if (quality.cut || rng.chance(quality.loss)) return {};
  Fate fate{.copies = 1, .delays = {draw_latency(quality, rng), {}}};
  if (rng.chance(quality.duplicate)) {
    fate.copies = 2;
    fate.delays[1] = draw_latency(quality, rng);
  }
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
