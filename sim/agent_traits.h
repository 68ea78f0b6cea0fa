// What the agents beside some nodes are like: how long their work takes, how much of it they do at
// once, and how often and in which ways it fails. Shares are in parts per million. One statement of
// a scenario; what it does not say is 0, and an agent without any is drawn as it always was.
#pragma once

#include "base/time.h"
#include "mesh/descriptor.h"

#include <cstdint>
#include <vector>

namespace sim {

struct AgentTraits {
  std::vector<std::uint32_t> nodes;  // whose agents; empty: of all
  // Most requests take the geometric middle of these, few as little or as much.
  base::Duration service_min = std::chrono::milliseconds(5);
  base::Duration service_max = std::chrono::milliseconds(20);
  std::uint32_t capacity = 0;     // requests at work at once, the others wait in line; 0: no limit
  std::uint32_t concurrency = 8;  // that it declares; 0: none

  std::uint32_t transient = 0;  // of requests: a 5xx or a broken connection, another time not
  std::uint32_t sticky = 0;     // of errands: a 5xx here whenever one is tried
  std::uint32_t slow = 0;       // of requests: takes slow_by times as long
  std::uint32_t slow_by = 10;
  std::uint32_t wrong = 0;       // of requests: 200, and output that breaks the declared check
  std::uint32_t refused = 0;     // of requests: 200, and a JSON-RPC error or a failed A2A task
  std::uint32_t hard_wrong = 0;  // of hard requests, besides: output that breaks the check
  std::uint32_t busy = 0;        // of requests: 429 with Retry-After
  std::uint32_t quality = 0;     // how it grades itself (Parley-Quality); 0: not at all
  std::uint32_t cost = 0;        // per call, in millionths of the currency
  mesh::Proficiency proficiency = mesh::Proficiency::competent;
  bool checked = false;  // whether its capabilities declare the check

  bool operator==(const AgentTraits&) const = default;
};

}  // namespace sim
