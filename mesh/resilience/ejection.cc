#include "mesh/resilience/ejection.h"

#include <algorithm>

namespace mesh::resilience {

void Ejection::eject(const OutlierPolicy& policy, base::Instant now) {
  if (times_ > 0 && now < until_) return;
  const base::Duration first =
      std::clamp(policy.ejected_for, base::Duration(1), base::Duration::max() / times_max);
  const bool was_in = !is_ejected(now);
  const std::int64_t well = times_ > 0 && was_in ? (now - back_at_) / first : 0;
  times_ -= static_cast<std::uint32_t>(std::min<std::int64_t>(times_, well));
  times_ = std::min(times_ + 1, times_max);
  until_ = now + first * times_;
  back_at_ = until_ + first * times_;
}

void Ejection::clear(base::Instant now) {
  until_ = std::min(until_, now);
  back_at_ = std::min(back_at_, now);
}

bool Ejection::is_ejected(base::Instant now) const {
  return times_ > 0 && now < back_at_;
}

bool Ejection::wants_probe(base::Instant now) const {
  return is_ejected(now) && now >= until_;
}

}  // namespace mesh::resilience
