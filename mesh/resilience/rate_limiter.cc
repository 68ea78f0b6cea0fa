#include "mesh/resilience/rate_limiter.h"

#include "base/check.h"

#include <algorithm>

namespace mesh::resilience {

namespace {

base::PermitRate permits_of(const Rate& rate) {
  constexpr double least = 1e-9;  // of which base::PermitRate makes one a year
  return {rate.per_second > least ? rate.per_second : least, std::max(rate.burst, 1U)};
}

}  // namespace

RateLimiter::RateLimiter() : RateLimiter(Options{}) {}

RateLimiter::RateLimiter(const Options& options)
    : callers_(options.callers_max),
      capabilities_(options.capabilities_max),
      agent_(options.agent_rates_max) {}

std::optional<RateLimiter::Refused> RateLimiter::admit(const RateLimits& limits,
                                                       const base::NodeId& caller,
                                                       std::string_view capability,
                                                       bool at_own_agent, base::Instant now) {
  const CallerView pair{.caller = caller, .capability = capability};
  const std::optional<Rate> no_rate;
  const std::optional<Rate>& per_agent = at_own_agent ? limits.per_agent : no_rate;

  Refused longest{};
  const auto consider = [&](base::Duration needed, std::string_view which) {
    if (needed > longest.retry_after) longest = {.retry_after = needed, .which = which};
  };
  if (const auto& rate = limits.per_caller) {
    consider(wait(callers_.find(pair), *rate, now), "caller");
  }
  if (const auto& rate = limits.per_capability) {
    consider(wait(capabilities_.find(capability), *rate, now), "capability");
  }
  if (per_agent) consider(wait(agent_.find(*per_agent), *per_agent, now), "agent");
  if (longest.retry_after > base::Duration::zero()) return longest;

  if (const auto& rate = limits.per_caller) take(callers_.use(pair), *rate, now);
  if (const auto& rate = limits.per_capability) take(capabilities_.use(capability), *rate, now);
  if (per_agent) take(agent_.use(*per_agent), *per_agent, now);
  return std::nullopt;
}

base::Duration RateLimiter::wait(const Bucket* bucket, const Rate& rate, base::Instant now) {
  const bool full = bucket == nullptr || bucket->rate != rate || !bucket->permits;
  return full ? base::Duration::zero() : bucket->permits->wait(now);
}

void RateLimiter::take(Bucket& bucket, const Rate& rate, base::Instant now) {
  if (!bucket.permits || bucket.rate != rate) {
    bucket = Bucket{.rate = rate, .permits = permits_of(rate)};
  }
  CHECK(bucket.permits->take(now));  // wait() said so
}

}  // namespace mesh::resilience
