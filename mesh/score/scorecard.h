// What this node's own calls showed of one agent at one capability: success, latency and quality,
// each weighted exponentially towards the newest, and with the number of samples behind it,
// so that a reader knows how far to trust it.
//
// Only answers have a latency: an agent that refuses at once is not fast. Attempts without an
// answer (transport and protocol) may raise the peak, never lower it.
//
// Latency is kept twice: peak EWMA (Finagle's: jumps up at once, decays by time) for choosing, and
// quantiles over a sliding window of log-spaced buckets for hedging and for people. Quality comes
// from checks and callers' feedback; what the agent says of itself (Parley-Quality) is a claim that
// may lower the estimate but, once anything was seen, never raise it.
#pragma once

#include "base/time.h"
#include "mesh/score/latency_window.h"
#include "mesh/score/running_mean.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mesh::score {

// What kind of end an attempt took.
enum class Result : std::uint8_t {
  success,
  transport,    // no connection, or it broke, or no answer within the time of one try
  protocol,     // what came back is no answer: not HTTP, or a 5xx of the agent's server
  application,  // the agent says, in its own words, that it failed
  quality,      // an answer that failed its check, is stale, or is graded too low
};
[[nodiscard]] std::string_view to_string(Result result);

// How hard the request was; success is kept for each, since a novice does well at simple ones.
enum class Difficulty : std::uint8_t { simple, medium, hard };
[[nodiscard]] Difficulty difficulty_of(double complexity);  // thirds of 0..1

struct Sample {
  Result result = Result::success;
  base::Duration took{};  // to the head of the answer; 0 = not known
  Difficulty difficulty = Difficulty::medium;
  std::optional<double> seen_quality{};     // by a check, 0..1
  std::optional<double> claimed_quality{};  // by the agent itself
};

class Scorecard {
 public:
  void on_sample(const Sample& sample, base::Instant now);
  // An attempt that has no answer yet, or was cut short, took at least so long.
  void on_at_least(base::Duration took, base::Instant now);
  void on_feedback(double quality, base::Instant now);

  // As of the newest sample of each; `..._at` counts as fewer samples what is long ago.
  [[nodiscard]] Estimate success() const { return success_.get(); }
  [[nodiscard]] Estimate success_at(base::Instant now) const { return success_.at(now); }
  [[nodiscard]] Estimate success(Difficulty difficulty) const;
  [[nodiscard]] Estimate quality() const;  // 0 samples: nothing is known
  // What checks and callers say, without the agent's claim; 0 samples: nobody judged yet.
  [[nodiscard]] Estimate seen_quality() const { return seen_quality_.get(); }
  [[nodiscard]] Estimate seen_quality_at(base::Instant now) const { return seen_quality_.at(now); }
  // Decayed towards `now`; zero = nothing seen (yet, or for very long).
  [[nodiscard]] base::Duration peak_latency(base::Instant now) const;
  [[nodiscard]] base::Duration mean_latency() const;
  [[nodiscard]] std::optional<base::Duration> quantile(double share, base::Instant now) const;
  [[nodiscard]] std::uint64_t calls() const { return calls_; }

 private:
  void on_latency(base::Duration took, base::Instant now);

  std::uint64_t calls_ = 0;
  RunningMean success_;
  std::array<RunningMean, 3> success_by_difficulty_;
  RunningMean seen_quality_;
  RunningMean claimed_quality_;
  RunningMean latency_;  // in nanoseconds
  // Peak EWMA as of `peak_at_`; 0 = nothing was seen.
  double peak_ = 0;
  base::Instant peak_at_;
  LatencyWindow window_;
};

}  // namespace mesh::score
