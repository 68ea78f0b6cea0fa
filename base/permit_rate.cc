#include "base/permit_rate.h"

#include "base/check.h"

#include <algorithm>

namespace base {

namespace {

constexpr Duration year = std::chrono::hours(24 * 365);

}  // namespace

PermitRate::PermitRate(double per_second, std::uint32_t burst) {
  CHECK(per_second > 0);
  CHECK(burst > 0);
  constexpr auto second = static_cast<double>(Duration(std::chrono::seconds(1)).count());
  const double interval =
      std::clamp(second / per_second, 1.0, static_cast<double>(Duration(year).count()));
  interval_ = Duration(static_cast<std::int64_t>(interval));
  const std::int64_t ahead_max = 100 * year.count() / interval_.count();
  slack_ = interval_ * std::min<std::int64_t>(burst - 1, ahead_max);
}

bool PermitRate::take(Instant now) {
  if (wait(now) > Duration::zero()) return false;
  next_ = std::max(next_, now) + interval_;
  return true;
}

Duration PermitRate::wait(Instant now) const {
  const Duration ahead = std::max(next_, now) - now;
  return std::max(ahead - slack_, Duration::zero());
}

}  // namespace base
