#include "sim/checkers/opinions.h"

#include <deque>
#include <limits>
#include <optional>

namespace sim {

void OpinionsChecker::on_told(const ObservationTold& told) {
  if (!truth().honest(told.author)) return;
  // Who has seen nothing but failures tells no latency: slower than any.
  const double latency = told.latency > 0 ? told.latency : std::numeric_limits<double>::infinity();
  std::deque<Told>& all = told_[{std::string(told.capability), told.subject}];
  std::erase_if(all, [&](const Told& each) { return told.at - each.last > remembered; });
  for (Told& each : all) {
    if (each.success != told.success || each.latency != latency) continue;
    each.last = told.at;
    return;
  }
  all.push_back({.last = told.at, .success = told.success, .latency = latency});
}

void OpinionsChecker::on_opinion(const OpinionHeld& held) {
  if (!truth().honest(held.observer)) return;
  if (held.authors <= 2 * truth().liars()) return;
  const auto found = told_.find({std::string(held.capability), held.subject});
  const auto check = [&](std::string_view what, const std::optional<double>& value,
                         double Told::*honest) {
    if (!value) return;
    bool below = false;  // somebody honest said as little
    bool above = false;
    if (found != told_.end()) {
      for (const Told& each : found->second) {
        if (held.at - each.last > remembered) continue;
        below = below || each.*honest <= *value;
        above = above || each.*honest >= *value;
      }
    }
    if (below && above) return;
    violate(held.at, "n" + std::to_string(held.observer) + " takes the " + std::string(what) +
                         " of n" + std::to_string(held.subject) + " at " +
                         std::string(held.capability) + " for " + std::to_string(*value) +
                         ", which is beyond what anybody honest saw");
  };
  check("success", held.success, &Told::success);
  check("latency", held.latency, &Told::latency);
}

}  // namespace sim
