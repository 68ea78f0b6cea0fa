// What the data plane shows of itself: to the node's record, to `parley routes` and to metrics.
#pragma once

#include "base/ids.h"
#include "base/time.h"
#include "mesh/catalogue.h"
#include "mesh/descriptor.h"

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
  std::array<std::uint64_t, codes> refusals{};  // by ProblemCode

  bool operator==(const Counters&) const = default;
};

}  // namespace mesh
