// A mean that turns into an exponentially weighted one: sample n weighs 1/n, and never less than
// 1/cap, so the first samples count alike and later the newest `cap` or so decide. The number
// behind it is halved for each five minutes of silence: what was seen long ago is still the best
// guess, but the next sample weighs more.
#pragma once

#include "base/time.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace mesh::score {

// A value and how much is behind it.
struct Estimate {
  double value = 0;
  double samples = 0;  // effective number, fading with time

  bool operator==(const Estimate&) const = default;
};

constexpr base::Duration confidence_half_life = std::chrono::minutes(5);

class RunningMean {
 public:
  void on_value(double value, double samples_max, base::Instant now) {
    const double count = std::min(at(now).samples + 1, samples_max);
    mean_ = {.value = mean_.value + (value - mean_.value) / count, .samples = count};
    newest_ = std::max(newest_, now);
  }
  [[nodiscard]] Estimate get() const { return mean_; }  // as of the newest sample
  [[nodiscard]] Estimate at(base::Instant now) const {
    const auto silences = std::max<std::int64_t>((now - newest_) / confidence_half_life, 0);
    return {.value = mean_.value,
            .samples =
                std::ldexp(mean_.samples, -static_cast<int>(std::min<std::int64_t>(silences, 64)))};
  }

 private:
  Estimate mean_;
  base::Instant newest_;  // of the newest sample; meaningless while there is none
};

}  // namespace mesh::score
