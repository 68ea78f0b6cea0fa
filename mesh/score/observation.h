// What one node's own calls showed of agents at one capability, made to be told to others: only
// what was seen, never what an agent claims of itself, and only once there is enough of it.
#pragma once

#include "base/ids.h"
#include "base/time.h"
#include "mesh/score/scorecard.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mesh::score {

struct Observation {
  base::NodeId subject;
  std::uint32_t samples = 0;                   // effective number
  std::uint32_t success_ppm = 0;               // parts per million
  std::optional<std::uint32_t> quality_ppm{};  // nothing: too few were judged
  base::Duration latency{};                    // the mean; 0 = not known

  static constexpr double samples_min = 5;  // one call says nothing, and would count like a hundred
  bool operator==(const Observation&) const = default;
};

// What this node saw at a capability that it called lately; to be signed and told.
struct Observed {
  std::string capability;
  std::vector<Observation> observations;  // in the order of subjects; at most observations_max

  static constexpr std::size_t observations_max = 16;
  bool operator==(const Observed&) const = default;
};

// What another one saw; its signature was checked.
struct ObservationReport {
  base::NodeId author;
  std::string capability;
  std::vector<Observation> observations;

  bool operator==(const ObservationReport&) const = default;
};

// Nothing while there are too few samples, or too old ones.
[[nodiscard]] std::optional<Observation> observe(const base::NodeId& subject,
                                                 const Scorecard& scorecard, base::Instant now);

}  // namespace mesh::score
