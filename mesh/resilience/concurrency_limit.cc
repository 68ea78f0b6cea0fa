#include "mesh/resilience/concurrency_limit.h"

#include "base/check.h"

#include <algorithm>
#include <cmath>

namespace mesh::resilience {

namespace {

constexpr double tolerance = 1.5;  // the mean of ten calls varies by chance
constexpr double gradient_min = 0.5;
constexpr double drained_share = 0.25;
constexpr std::uint32_t look_after = 50;      // windows
constexpr std::uint32_t look_soon_after = 5;  // at the start, and while the baseline is far off
constexpr double far_off = 2;                 // times

// How much of the difference the baseline takes over.
constexpr double weight_looked = 0.5;   // of a window without a queue
constexpr double weight_unused = 0.05;  // of one where half of the limit was not used
constexpr double weight_quicker = 0.2;  // of any that was quicker

}  // namespace

ConcurrencyLimit::ConcurrencyLimit(std::uint32_t limit_min, std::uint32_t limit_max)
    : limit_min_(limit_min), limit_max_(limit_max), windows_to_look_(look_soon_after) {
  CHECK(limit_min > 0);
  CHECK(limit_min <= limit_max);
  limit_ = std::clamp(static_cast<double>(limit_initial), limit_min_, limit_max_);
}

std::uint32_t ConcurrencyLimit::limit() const {
  const bool drained = phase_ == Phase::draining || phase_ == Phase::looking;
  return static_cast<std::uint32_t>(
      std::max(drained ? limit_ * drained_share : limit_, limit_min_));
}

base::Duration ConcurrencyLimit::baseline() const {
  return base::Duration(static_cast<std::int64_t>(baseline_));
}

void ConcurrencyLimit::on_sample(base::Duration took, std::uint32_t in_flight, bool dropped,
                                 base::Instant now) {
  if (window_.answered + window_.dropped == 0) window_.began = now;
  window_.in_flight_max = std::max(window_.in_flight_max, in_flight);
  if (dropped) {
    ++window_.dropped;
  } else {
    ++window_.answered;
    window_.took_sum += std::max(static_cast<double>(took.count()), 1.0);
    window_.mean = window_.took_sum / window_.answered;
  }
  if (window_.answered + window_.dropped < window_samples_min) return;
  // Long enough to see calls that began within it, as far as one can wait for that.
  const base::Duration lasted = now - window_.began;
  const bool covers_a_call = static_cast<double>(lasted.count()) >= window_.mean;
  if (lasted < window_min || (!covers_a_call && lasted < window_max)) return;
  on_window(window_);
  window_ = {};
}

void ConcurrencyLimit::on_window(const Window& window) {
  if (baseline_ == 0) baseline_ = window.mean;
  switch (phase_) {
    case Phase::open:
      adapt(window);
      return;
    case Phase::draining:  // calls of before
      phase_ = Phase::looking;
      return;
    case Phase::looking:
      look(window);
      phase_ = Phase::filling;
      return;
    case Phase::filling:  // calls that still found the service idle
      phase_ = Phase::open;
      return;
  }
  CHECK(false);
}

void ConcurrencyLimit::look(const Window& window) {
  const bool quicker = window.mean * far_off < baseline_;
  const bool slower = window.mean > baseline_ * far_off;
  windows_to_look_ = quicker || slower ? look_soon_after : look_after;
  learn(window.mean, quicker ? 1 : weight_looked);
}

void ConcurrencyLimit::adapt(const Window& window) {
  if (window.in_flight_max < limit_ / 2) {
    learn(window.mean, weight_unused);  // there is no queue of ours: no need to cut and look
    return;
  }
  const double expected = baseline_;
  if (window.mean < baseline_) learn(window.mean, weight_quicker);
  const double answered = static_cast<double>(window.answered) / (window.answered + window.dropped);
  double gradient = gradient_min;
  if (window.answered > 0) {
    gradient = std::clamp(tolerance * baseline_ / window.mean, gradient_min, 1.0);
    const bool surprise = gradient == gradient_min || window.mean * far_off < expected;
    if (surprise) windows_to_look_ = std::min(windows_to_look_, look_soon_after);
  }
  gradient = std::max(gradient * answered, gradient_min);
  const double headroom = std::sqrt(limit_) * answered;
  limit_ = std::clamp(limit_ * gradient + headroom, limit_min_, limit_max_);
  if (--windows_to_look_ == 0) phase_ = Phase::draining;
}

void ConcurrencyLimit::learn(double mean, double weight) {
  if (mean > 0) baseline_ += weight * (mean - baseline_);
}

}  // namespace mesh::resilience
