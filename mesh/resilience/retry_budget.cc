#include "mesh/resilience/retry_budget.h"

#include <algorithm>
#include <cmath>

namespace mesh::resilience {

void RetryBudget::on_call(double ratio) {
  // More than ten retries for each call is no budget; the bound keeps the sum exact too.
  const double share = std::clamp(ratio, 0.0, 10.0);
  const auto paid = static_cast<std::int64_t>(std::llround(share * static_cast<double>(whole)));
  tokens_ = std::min(tokens_ + paid, reserve * whole + calls_kept * paid);
}

bool RetryBudget::take() {
  if (tokens_ < whole) return false;
  tokens_ -= whole;
  return true;
}

double RetryBudget::tokens() const {
  return static_cast<double>(tokens_) / static_cast<double>(whole);
}

}  // namespace mesh::resilience
