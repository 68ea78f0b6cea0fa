// How many calls a capability bears at once, found by watching how long calls take: a gradient
// controller as in Envoy's adaptive concurrency filter and Netflix's concurrency-limits.
//
// Samples are gathered in windows. After each the limit becomes
//   limit * gradient + sqrt(limit),  gradient = tolerance * baseline / mean, within [0.5, 1],
// less by the share that was dropped. While calls do not wait for each other the gradient is 1 and
// the limit grows by the headroom; where they queue, the two balance a little above the knee. While
// less than half of the limit is used it stays as it is: nothing is learnt about it.
//
// The baseline is what calls take that do not wait for each other. Under load that never ends no
// window shows it, and a mean of long ago (Gradient2) would follow the queue upwards. So the limit
// is cut to a quarter now and then, for one window to let the queue drain and one to look, as BBR
// does to see the true round trip; soon after the start, and soon after calls became much slower:
// either they are quick again without a queue, or this is how long they take now.
//
//   open --a look is due--> draining --a window--> looking --a window--> filling --a window--> open
#pragma once

#include "base/time.h"

#include <cstdint>

namespace mesh::resilience {

class ConcurrencyLimit {
 public:
  static constexpr std::uint32_t limit_initial = 20;  // or the bound that is nearest
  static constexpr std::uint32_t window_samples_min = 10;
  // As long as a call usually takes, within these.
  static constexpr base::Duration window_min = std::chrono::milliseconds(100);
  static constexpr base::Duration window_max = std::chrono::minutes(1);

  // 0 < limit_min <= limit_max
  ConcurrencyLimit(std::uint32_t limit_min, std::uint32_t limit_max);

  // A call ended after this time, when so many were under way with it. Dropped: it timed out or was
  // refused for overload, so how long it took says nothing.
  void on_sample(base::Duration took, std::uint32_t in_flight, bool dropped, base::Instant now);

  [[nodiscard]] std::uint32_t limit() const;
  [[nodiscard]] base::Duration baseline() const;  // 0: nothing seen yet

 private:
  enum class Phase : std::uint8_t { open, draining, looking, filling };
  struct Window {
    base::Instant began{};  // with its first sample
    std::uint32_t answered = 0;
    std::uint32_t dropped = 0;
    std::uint32_t in_flight_max = 0;
    double took_sum = 0;  // of the answered, in nanoseconds
    double mean = 0;      // of the answered; 0 if none was
  };

  void on_window(const Window& window);
  void adapt(const Window& window);
  void look(const Window& window);
  void learn(double mean, double weight);

  double limit_min_;
  double limit_max_;
  double limit_;         // between the two; while draining and looking a quarter of it holds
  double baseline_ = 0;  // nanoseconds
  Window window_{};
  Phase phase_ = Phase::open;
  std::uint32_t windows_to_look_;  // so many more that use half of the limit; above 0 while open
};

}  // namespace mesh::resilience
