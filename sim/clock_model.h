// What one node's clocks show. The monotonic clock has an origin of its own and runs a little fast
// or slow; the wall clock is off by any amount and can jump. The world's time is neither.
#pragma once

#include "base/time.h"

#include <cstdint>

namespace sim {

class ClockModel {
 public:
  struct Options {
    base::Duration origin{};     // what the monotonic clock shows when the world begins
    std::int32_t drift_ppm = 0;  // > 0: fast
    base::Duration wall_offset{};
  };

  ClockModel() = default;
  explicit ClockModel(Options options);

  [[nodiscard]] base::Instant monotonic(base::Instant world) const;
  [[nodiscard]] base::WallTime wall(base::Instant world) const;
  // The first moment of the world at which monotonic() has reached `local`.
  [[nodiscard]] base::Instant when(base::Instant local) const;
  void jump(base::Duration by) { options_.wall_offset += by; }

 private:
  Options options_;
};

}  // namespace sim
