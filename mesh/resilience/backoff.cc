#include "mesh/resilience/backoff.h"

#include "base/check.h"

#include <algorithm>

namespace mesh::resilience {

namespace {

base::Duration before_jitter(const Backoff& policy, std::uint32_t retry) {
  constexpr base::Duration nothing{};
  switch (policy.type) {
    case BackoffType::none:
      return nothing;
    case BackoffType::constant:
      return std::max(policy.base, nothing);
    case BackoffType::exponential: {
      const base::Duration first = std::max(policy.base, nothing);
      const base::Duration last = std::max(policy.max, nothing);
      const std::uint32_t doublings = std::min<std::uint32_t>(retry - 1, 62);
      // Asked by halving the bound: doubling could overflow.
      if (first.count() > (last.count() >> doublings)) return last;
      return base::Duration(first.count() << doublings);
    }
  }
  CHECK(false);
  return nothing;
}

}  // namespace

base::Duration backoff_before(const Backoff& policy, std::uint32_t retry, base::Rng& rng) {
  CHECK(retry > 0);
  const base::Duration most = before_jitter(policy, retry);
  switch (policy.jitter) {
    case Jitter::none:
      return most;
    case Jitter::full:
      return base::Duration(rng.between(0, most.count()));
    case Jitter::equal:
      return most / 2 + base::Duration(rng.between(0, most.count() / 2));
  }
  CHECK(false);
  return most;
}

}  // namespace mesh::resilience
