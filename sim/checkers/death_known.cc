#include "sim/checkers/death_known.h"

#include "sim/trace.h"

#include <algorithm>

namespace sim {

namespace {

bool takes_for_alive(const std::optional<Seen>& seen) {
  using enum gossip::MemberState;
  return seen && seen->state != dead && seen->state != left;
}

}  // namespace

DeathKnownChecker::DeathKnownChecker(const Truth& truth)
    : Checker("death_known", truth), alive_(truth.size(), std::vector<bool>(truth.size(), false)) {}

void DeathKnownChecker::on_view(const ViewChange& change) {
  alive_[change.observer][change.subject] = takes_for_alive(change.after);
}

void DeathKnownChecker::on_started(const NodeStarted& started) {
  crashes_.erase(started.node);
  alive_[started.node].assign(truth().size(), false);
}

void DeathKnownChecker::on_stopped(const NodeStopped& stopped) {
  crashes_.erase(stopped.node);
  if (stopped.crashed) crashes_[stopped.node] = {.at = stopped.at};
}

base::Duration DeathKnownChecker::bound(const Crash& crash) const {
  if (!crash.calm) return std::chrono::seconds(45);
  return std::chrono::seconds(truth().size() <= 100 ? 10 : 16);
}

// Whose probes go unanswered for the most part doubts himself and is slow to condemn (Lifeguard).
bool DeathKnownChecker::most_are_up() const {
  std::uint32_t up = 0;
  for (NodeIndex node = 0; node < truth().size(); ++node) up += truth().up(node) ? 1U : 0U;
  return 2 * up >= truth().size();
}

void DeathKnownChecker::on_second(base::Duration at) {
  const bool most_up = most_are_up();
  for (auto entry = crashes_.begin(); entry != crashes_.end();) {
    auto& [node, crash] = *entry;
    const base::Duration passed = at - crash.at;
    crash.calm =
        crash.calm && most_up && truth().all_calm_for(passed + std::chrono::seconds(5), at);
    bool known = true;
    for (NodeIndex observer = 0; observer < truth().size(); ++observer) {
      if (!alive_[observer][node] || !truth().honest(observer) || !truth().up(observer)) continue;
      known = false;
      const base::Duration needed = crash.calm ? passed : bound(crash);
      if (passed < bound(crash) || truth().calm_for(observer, at) < needed) continue;
      violate(at, "n" + std::to_string(observer) + " takes n" + std::to_string(node) +
                      " for alive, which crashed " + seconds_text(passed) + " ago");
      known = true;
      break;
    }
    if (known && crash.calm) slowest_ = std::max(slowest_, passed);
    entry = known ? crashes_.erase(entry) : std::next(entry);
  }
}

}  // namespace sim
