// What may be under way through this node at once and how often: rate limits, and for each
// capability its bulkhead (Nygard, "Release It!"), fixed or following what the agents bear.
#pragma once

#include "base/ids.h"
#include "base/time.h"
#include "mesh/call.h"
#include "mesh/policy.h"
#include "mesh/resilience/concurrency_limit.h"
#include "mesh/resilience/rate_limiter.h"
#include "mesh/resilience/shedding.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace mesh {

class Limits {
 public:
  static constexpr std::uint32_t adaptive_max = 1'000;  // of a bulkhead that names no upper end

  struct Admission {
    std::optional<Problem> refused;
    bool counted = false;  // it has a place in a bulkhead until on_settled()
  };
  [[nodiscard]] Admission admit(const CallPolicy& policy, const base::NodeId& caller,
                                std::string_view capability, bool at_own_agent,
                                resilience::Priority priority, base::Instant now);
  // Of a call that was counted. `took` of a success; nothing: it says nothing about how much the
  // agents bear.
  void on_settled(std::string_view capability, std::optional<base::Duration> took, bool dropped,
                  base::Instant now);

  [[nodiscard]] std::uint32_t in_flight(std::string_view capability) const;

 private:
  struct Bulk {
    std::uint32_t in_flight = 0;
    base::Duration usually{};          // moving average of how long calls take; 0 = not known
    std::uint32_t adaptive_up_to = 0;  // the upper end that it was made with
    std::optional<resilience::ConcurrencyLimit> adaptive;
  };

  resilience::RateLimiter rates_;
  // Of capabilities whose policy has a bulkhead, while calls to them are under way, and then as
  // long as there is room.
  static constexpr std::size_t bulks_max = 1'024;
  std::map<std::string, Bulk, std::less<>> bulks_;
};

}  // namespace mesh
