#include "mesh/score/blend.h"

#include <algorithm>

namespace mesh::score {

std::optional<double> opinion_of(std::vector<double> votes) {
  if (votes.size() < votes_min) return std::nullopt;
  const auto upper = votes.begin() + static_cast<std::ptrdiff_t>(votes.size() / 2);
  std::nth_element(votes.begin(), upper, votes.end());
  if (votes.size() % 2 == 1) return *upper;
  return (*std::max_element(votes.begin(), upper) + *upper) / 2;
}

Estimate blend(Estimate own, std::optional<double> opinion) {
  if (!opinion) return own;
  const double all = own.samples + others_weight;
  // In this form nothing of our own leaves the opinion exactly as it is.
  return {.value = *opinion + (own.value - *opinion) * (own.samples / all), .samples = all};
}

Estimate blend(Estimate own, std::span<const Estimate> others) {
  std::vector<double> votes;
  votes.reserve(others.size());
  for (const Estimate& each : others) votes.push_back(each.value);
  return blend(own, opinion_of(std::move(votes)));
}

}  // namespace mesh::score
