// The entries of `policies:`, and what all that match a capability come to.
#pragma once

#include "base/time.h"
#include "mesh/policy.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mesh {

// Who says it. The mesh may decide what holds everywhere, or what holds where a node's own file
// says nothing.
enum class Authority : std::uint8_t { decided_default, own, decided };

// One entry of `policies:`. Of all whose pattern matches, each field comes from the entry with the
// highest authority that sets it, then from the most specific pattern (the most characters that are
// not `*`), then from the earlier entry.
struct Policy {
  std::string capability = "*";  // a name in which `*` stands for any run of characters
  std::optional<RoutePolicy> route;
  std::vector<std::string> prefer;  // empty = not set
  std::optional<QualityTiers> quality;
  std::optional<ComplexityEstimator> complexity;
  std::optional<std::uint32_t> attempts;
  std::optional<Backoff> backoff;
  std::optional<RetryReasons> retry_on;
  std::optional<double> retry_budget;
  std::optional<HedgePolicy> hedge;
  std::optional<BreakerPolicy> breaker;
  std::optional<OutlierPolicy> outliers;
  std::optional<base::Duration> request_timeout;
  std::optional<base::Duration> per_try_timeout;
  std::optional<base::Duration> idle_timeout;
  std::optional<base::Duration> workflow_timeout;
  std::optional<OnTimeout> on_timeout;
  std::optional<RateLimits> rate;
  std::optional<Bulkhead> bulkhead;
  std::optional<HealthCriteria> health;
  std::vector<std::string> fallback;  // empty = not set
  std::optional<Deferral> deferral;
  std::vector<FaultRule> faults;  // empty = not set
  Authority authority = Authority::own;

  bool operator==(const Policy&) const = default;
};

[[nodiscard]] bool matches_pattern(std::string_view pattern, std::string_view capability);
// What the matching ones of `policies` say, over `usual`.
[[nodiscard]] CallPolicy policy_for(const std::vector<Policy>& policies, const CallPolicy& usual,
                                    std::string_view capability);

// policy_for(), remembered by capability: a call only looks its policy up. Calls under way keep the
// policy that they began with, whatever is loaded meanwhile.
class PolicyTable {
 public:
  static constexpr std::size_t capabilities_max = 1'024;

  void load(std::vector<Policy> policies, CallPolicy usual);
  [[nodiscard]] std::shared_ptr<const CallPolicy> of(std::string_view capability) const;

 private:
  std::vector<Policy> policies_;
  CallPolicy usual_;
  // Shared with the calls under way; at most capabilities_max, then forgotten.
  mutable std::map<std::string, std::shared_ptr<const CallPolicy>, std::less<>> known_;
};

}  // namespace mesh
