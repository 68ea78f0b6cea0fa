// Token buckets for calls: per caller and capability, per capability, and for the agent beside this
// node. A call is admitted by all buckets that its policy names or takes a permit from none, so a
// caller above its own rate uses up nobody else's.
#pragma once

#include "base/ids.h"
#include "base/permit_rate.h"
#include "base/recent_table.h"
#include "base/time.h"
#include "mesh/policy.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mesh::resilience {

class RateLimiter {
 public:
  // Beyond these the bucket that was not taken from for the longest is dropped; it is most likely
  // full, and a new one is.
  struct Options {
    std::size_t callers_max = 10'000;  // pairs of caller and capability
    std::size_t capabilities_max = 1'024;
    std::size_t agent_rates_max = 64;
  };
  struct Refused {
    base::Duration retry_after;
    std::string_view which;  // "caller", "capability" or "agent": whose bucket needs the longest
    bool operator==(const Refused&) const = default;
  };

  RateLimiter();
  explicit RateLimiter(const Options& options);

  // Nothing: go ahead, the permits are taken. A rate of 0 permits as good as nothing beyond its
  // burst. A rate that changed takes effect at once, with a full bucket. The limit of the agent
  // counts for calls to it only; each rate that policies give it has a bucket, shared by all
  // capabilities for which they give this rate.
  [[nodiscard]] std::optional<Refused> admit(const RateLimits& limits, const base::NodeId& caller,
                                             std::string_view capability, bool at_own_agent,
                                             base::Instant now);

 private:
  struct Bucket {
    Rate rate;
    std::optional<base::PermitRate> permits;  // nothing: full
  };
  struct CallerView {
    const base::NodeId& caller;
    std::string_view capability;
  };
  struct CallerKey {
    explicit CallerKey(const CallerView& view) : caller(view.caller), capability(view.capability) {}
    base::NodeId caller;
    std::string capability;
  };
  struct CallerOrder {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return a.caller != b.caller ? a.caller < b.caller : a.capability < b.capability;
    }
  };
  struct RateOrder {
    bool operator()(const Rate& a, const Rate& b) const {
      return a.per_second != b.per_second ? a.per_second < b.per_second : a.burst < b.burst;
    }
  };

  static base::Duration wait(const Bucket* bucket, const Rate& rate, base::Instant now);
  static void take(Bucket& bucket, const Rate& rate, base::Instant now);

  base::RecentTable<CallerKey, Bucket, CallerOrder> callers_;
  base::RecentTable<std::string, Bucket> capabilities_;
  base::RecentTable<Rate, Bucket, RateOrder> agent_;
};

}  // namespace mesh::resilience
