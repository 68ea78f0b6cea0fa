// What the data plane shows of itself: to the node's record, to `parley routes` and to metrics.
#pragma once

#include "base/ids.h"
#include "base/time.h"
#include "mesh/catalogue.h"
#include "mesh/descriptor.h"
#include "mesh/resilience/breaker.h"
#include "mesh/score/blend.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mesh {

enum class AgentCondition : std::uint8_t { none, healthy, unhealthy };
[[nodiscard]] std::string_view to_string(AgentCondition condition);

// What this node's record should say of the agent beside it.
struct LocalLoad {
  std::uint32_t in_flight = 0;
  std::uint32_t concurrency = 0;  // 0 = not limited
  base::Duration latency{};       // moving average of the agent's answers
  bool at_capacity = false;       // in_flight has reached concurrency
  AgentCondition condition = AgentCondition::none;

  bool operator==(const LocalLoad&) const = default;
};

enum class RouteVerdict : std::uint8_t {
  chosen,    // would get the next call (of round_robin and least_loaded: is the best one now)
  eligible,  // may get it as well
  avoided,   // only if nobody better is left
  excluded,  // never
};
[[nodiscard]] std::string_view to_string(RouteVerdict verdict);

struct RouteExplanation {
  base::NodeId node;
  std::string name;
  bool local = false;
  RouteVerdict verdict = RouteVerdict::eligible;
  std::vector<std::string>
      reasons;  // why it is not chosen: "at_capacity", "requires version~1.4", ...
  Availability availability = Availability::serving;
  base::Duration expected_latency{};
  std::uint32_t outstanding = 0;  // our own calls there
  ProviderLoad load;              // as it says itself
  Proficiency proficiency = Proficiency::competent;
  CapabilityVersion version;
  std::int64_t cost_micros = 0;
  score::Estimate success;   // what this node and others saw; 0 samples: nobody did
  score::Estimate quality;   // the same, of its output
  std::uint32_t others = 0;  // nodes whose observations are in these
  resilience::Breaker::State breaker = resilience::Breaker::State::closed;
};

// Sums since the start. What depends on names (requests by source, destination, capability) is
// counted from ExchangeSettled by whoever serves metrics, with its own bound on labels.
struct Counters {
  static constexpr std::size_t codes = 10;  // of ProblemCode

  std::uint64_t exchanges = 0;
  std::uint64_t attempts = 0;
  std::uint64_t retries = 0;         // attempts after the first
  std::uint64_t retries_denied = 0;  // for want of budget; hedges too
  std::uint64_t hedges = 0;
  std::uint64_t fallbacks = 0;
  std::uint64_t duplicates = 0;  // exchanges that another one answered, or that were refused for it
  std::uint64_t probes = 0;
  std::uint64_t ejections = 0;      // of agents slower than their peers
  std::uint64_t rate_limited = 0;   // exchanges refused by a rate limit of this node
  std::uint64_t shed = 0;           // exchanges refused by a bulkhead of this node
  std::uint64_t idle_timeouts = 0;  // answers that stopped in the middle
  std::uint64_t faults_delay = 0;   // injected by the policies: attempts that were delayed,
  std::uint64_t faults_abort = 0;   // answered with an error,
  std::uint64_t faults_answer = 0;  // or with a wrong answer
  std::array<std::uint64_t, codes> refusals{};  // by ProblemCode

  bool operator==(const Counters&) const = default;
};

}  // namespace mesh
