#include "mesh/score/scorecard.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace mesh::score {

namespace {

constexpr double success_samples_max = 100;
// More than for success: tiers a few hundredths apart need a small variance.
constexpr double quality_samples_max = 200;
constexpr double latency_samples_max = 100;
constexpr base::Duration peak_decay = std::chrono::seconds(10);

bool is_answer(Result result) {
  return result != Result::transport && result != Result::protocol;
}

double nanoseconds(base::Duration duration) {
  return static_cast<double>(duration.count());
}

// What is left of a peak after this time.
double decay(base::Duration since) {
  if (since <= base::Duration::zero()) return 1;
  return std::exp(-nanoseconds(since) / nanoseconds(peak_decay));
}

void add_quality(RunningMean& mean, double quality, base::Instant now) {
  if (std::isnan(quality)) return;
  mean.on_value(std::clamp(quality, 0.0, 1.0), quality_samples_max, now);
}

}  // namespace

std::string_view to_string(Result result) {
  switch (result) {
    case Result::success:
      return "success";
    case Result::transport:
      return "transport";
    case Result::protocol:
      return "protocol";
    case Result::application:
      return "application";
    case Result::quality:
      return "quality";
  }
  return "?";
}

Difficulty difficulty_of(double complexity) {
  if (complexity < 1.0 / 3) return Difficulty::simple;
  return complexity < 2.0 / 3 ? Difficulty::medium : Difficulty::hard;
}

void Scorecard::on_sample(const Sample& sample, base::Instant now) {
  ++calls_;
  const double success = sample.result == Result::success ? 1 : 0;
  success_.on_value(success, success_samples_max, now);
  const auto difficulty = static_cast<std::size_t>(sample.difficulty);
  success_by_difficulty_[difficulty].on_value(success, success_samples_max, now);
  if (!is_answer(sample.result)) {
    on_at_least(sample.took, now);
    return;
  }
  if (sample.took > base::Duration::zero()) on_latency(sample.took, now);
  if (sample.result == Result::application) return;  // there is nothing to judge
  if (sample.seen_quality) {
    add_quality(seen_quality_, *sample.seen_quality, now);
  } else if (sample.result == Result::quality) {
    add_quality(seen_quality_, 0, now);
  }
  if (sample.claimed_quality) add_quality(claimed_quality_, *sample.claimed_quality, now);
}

void Scorecard::on_latency(base::Duration took, base::Instant now) {
  const double kept = decay(now - peak_at_);
  const double peak = peak_ * kept;
  const double here = nanoseconds(took);
  peak_ = std::max(here, peak + here * (1 - kept));
  peak_at_ = std::max(peak_at_, now);
  latency_.on_value(here, latency_samples_max, now);
  window_.on_sample(took, now);
}

void Scorecard::on_at_least(base::Duration took, base::Instant now) {
  if (took <= peak_latency(now)) return;
  peak_ = nanoseconds(took);
  peak_at_ = std::max(peak_at_, now);
}

void Scorecard::on_feedback(double quality, base::Instant now) {
  add_quality(seen_quality_, quality, now);
}

Estimate Scorecard::success(Difficulty difficulty) const {
  return success_by_difficulty_[static_cast<std::size_t>(difficulty)].get();
}

Estimate Scorecard::quality() const {
  const Estimate seen = seen_quality_.get();
  const Estimate claimed = claimed_quality_.get();
  if (seen.samples == 0) return claimed;
  if (claimed.samples == 0 || claimed.value >= seen.value) return seen;
  const double all = seen.samples + claimed.samples;
  return {.value = (seen.value * seen.samples + claimed.value * claimed.samples) / all,
          .samples = seen.samples};
}

base::Duration Scorecard::peak_latency(base::Instant now) const {
  return base::Duration(static_cast<std::int64_t>(peak_ * decay(now - peak_at_)));
}

base::Duration Scorecard::mean_latency() const {
  return base::Duration(static_cast<std::int64_t>(latency_.get().value));
}

std::optional<base::Duration> Scorecard::quantile(double share, base::Instant now) const {
  return window_.quantile(share, now);
}

}  // namespace mesh::score
