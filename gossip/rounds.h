// Whose turn it is to be probed. Rounds are aligned by the wall clocks: in slot i everybody probes
// its successor on ring i mod K, so each member is probed by exactly one monitor an interval, and
// detection has no geometric tail. Every few slots the step along the ring is a number that the
// slot decides: still one prober for everybody, but one that nobody chose. A wrong clock costs
// evenness, nothing else.
#pragma once

#include "base/ids.h"
#include "base/time.h"
#include "gossip/options.h"
#include "gossip/rings.h"

#include <cstdint>
#include <optional>

namespace gossip {

class Rounds {
 public:
  Rounds(const Options& options, const base::NodeId& self);

  void on_wall_clock(base::WallTime wall, base::Instant now);
  // If a round is due: its target, if there is anybody; and the next round is set.
  std::optional<base::NodeId> on_time(const Rings& rings, base::Instant now);
  [[nodiscard]] base::Instant next_deadline() const { return next_; }

 private:
  [[nodiscard]] std::int64_t slot_at(base::Instant now) const;

  const Options options_;
  const base::NodeId self_;
  const std::int64_t phase_;  // of this node within options_.round_spread
  std::int64_t wall_minus_now_ = 0;
  base::Instant next_ = base::Instant::never();  // until the wall clock is known
};

}  // namespace gossip
