#include "gossip/rounds.h"

#include "gossip/hash.h"

#include <algorithm>

namespace gossip {

Rounds::Rounds(const Options& options, const base::NodeId& self)
    : options_(options),
      self_(self),
      phase_(static_cast<std::int64_t>(
          mix(leading_word(self.view())) %
          static_cast<std::uint64_t>(std::max<std::int64_t>(1, options.round_spread.count())))) {}

std::int64_t Rounds::slot_at(base::Instant now) const {
  // Wraps rather than overflows: any wall clock is taken.
  const auto shifted = static_cast<std::uint64_t>(now.nanoseconds()) +
                       static_cast<std::uint64_t>(wall_minus_now_) -
                       static_cast<std::uint64_t>(phase_);
  const auto time = static_cast<std::int64_t>(shifted >> 1);  // keeps it positive
  return time / (options_.probe_interval.count() / 2);
}

void Rounds::on_wall_clock(base::WallTime wall, base::Instant now) {
  const auto nanoseconds = static_cast<std::uint64_t>(wall.milliseconds) * 1'000'000U;
  wall_minus_now_ =
      static_cast<std::int64_t>(nanoseconds - static_cast<std::uint64_t>(now.nanoseconds()));
  const std::int64_t half = options_.probe_interval.count() / 2;
  const auto shifted = static_cast<std::uint64_t>(now.nanoseconds()) +
                       static_cast<std::uint64_t>(wall_minus_now_) -
                       static_cast<std::uint64_t>(phase_);
  const std::int64_t into = static_cast<std::int64_t>(shifted >> 1) % half;
  next_ = now + base::Duration((half - into) * 2);
}

std::optional<base::NodeId> Rounds::on_time(const Rings& rings, base::Instant now) {
  if (now < next_) return std::nullopt;
  // Middle of the slot that just began, so that rounding cannot pick its neighbour.
  const auto slot = static_cast<std::uint64_t>(slot_at(next_ + options_.probe_interval / 2));
  while (next_ <= now) next_ = next_ + options_.probe_interval;
  const bool by_chance = slot % options_.random_probe_every == options_.random_probe_every - 1;
  const std::size_t steps = by_chance ? static_cast<std::size_t>(1 + mix(slot) % 65'536) : 1;
  return rings.successor(self_, slot, steps);
}

}  // namespace gossip
