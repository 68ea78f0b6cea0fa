// What callers saw of providers: an ObservationReport says what its author's own calls to one
// capability showed, agent by agent, and is signed by that author. Membership only carries reports
// between those who call the same capability; what they are worth is decided elsewhere.
#pragma once

#include "base/ids.h"
#include "crypto/identity.h"
#include "crypto/statement.h"
#include "gossip/record.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gossip {

struct Observation {
  base::NodeId subject;
  std::uint32_t samples = 0;                 // effective number
  std::uint32_t success_ppm = 0;             // at most ppm
  std::optional<std::uint32_t> quality_ppm;  // nothing: nobody judged
  std::uint32_t latency_micros = 0;          // 0 = not known

  static constexpr std::uint32_t ppm = 1'000'000;
  bool operator==(const Observation&) const = default;
};

struct ObservationReport {
  base::NodeId author;
  std::string capability;
  Version version;                        // of this author's reports about this capability
  std::vector<Observation> observations;  // in the order of subjects, each once

  static constexpr std::size_t observations_max = 16;
  static constexpr std::size_t capability_max = 128;
  bool operator==(const ObservationReport&) const = default;
};

struct SignedReport {
  ObservationReport report;
  crypto::Signature signature;
  // Since it was signed, as whoever passes it on says; not covered by the signature.
  std::uint32_t age_ms = 0;
  bool operator==(const SignedReport&) const = default;
};

[[nodiscard]] crypto::Statement statement_of(const ObservationReport& report,
                                             const base::MeshId& mesh);
// Something was observed, nothing twice, and nothing by its own subject: a report in which the
// author speaks of itself is worth nothing.
[[nodiscard]] bool is_sound(const ObservationReport& report);

}  // namespace gossip
