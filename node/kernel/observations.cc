#include "node/kernel/observations.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <utility>

namespace kernel {

namespace {

std::uint32_t micros(base::Duration duration) {
  constexpr std::int64_t most = std::numeric_limits<std::uint32_t>::max();
  const auto count = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(count, 0, most));
}

}  // namespace

std::vector<gossip::Observed> told(std::vector<mesh::score::Observed> observed) {
  std::vector<gossip::Observed> out;
  out.reserve(observed.size());
  for (mesh::score::Observed& each : observed) {
    gossip::Observed& to = out.emplace_back();
    to.capability = std::move(each.capability);
    for (const mesh::score::Observation& seen : each.observations) {
      to.observations.push_back({.subject = seen.subject,
                                 .samples = seen.samples,
                                 .success_ppm = seen.success_ppm,
                                 .quality_ppm = seen.quality_ppm,
                                 .latency_micros = micros(seen.latency)});
    }
  }
  return out;
}

mesh::score::ObservationReport heard(const gossip::ObservationReport& report) {
  mesh::score::ObservationReport out{
      .author = report.author, .capability = report.capability, .observations = {}};
  for (const gossip::Observation& seen : report.observations) {
    out.observations.push_back({.subject = seen.subject,
                                .samples = seen.samples,
                                .success_ppm = seen.success_ppm,
                                .quality_ppm = seen.quality_ppm,
                                .latency = std::chrono::microseconds(seen.latency_micros)});
  }
  return out;
}

}  // namespace kernel
