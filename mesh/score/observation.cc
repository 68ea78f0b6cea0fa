#include "mesh/score/observation.h"

#include <algorithm>
#include <cmath>

namespace mesh::score {

namespace {

std::uint32_t in_ppm(double share) {
  return static_cast<std::uint32_t>(std::lround(std::clamp(share, 0.0, 1.0) * 1'000'000));
}

}  // namespace

std::optional<Observation> observe(const base::NodeId& subject, const Scorecard& scorecard,
                                   base::Instant now) {
  const Estimate success = scorecard.success_at(now);
  if (success.samples < Observation::samples_min) return std::nullopt;
  Observation out{.subject = subject,
                  .samples = static_cast<std::uint32_t>(success.samples),
                  .success_ppm = in_ppm(success.value),
                  .latency = scorecard.mean_latency()};
  const Estimate quality = scorecard.seen_quality_at(now);
  if (quality.samples >= Observation::samples_min) out.quality_ppm = in_ppm(quality.value);
  return out;
}

}  // namespace mesh::score
