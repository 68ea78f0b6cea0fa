#include "consensus/silence.h"

#include <algorithm>

namespace consensus {

void Silence::start(std::size_t members, base::Instant now) {
  members_.assign(members, Member{.heard = now, .suspected = false});
}

void Silence::on_heard(SignerIndex member, base::Instant now) {
  if (member >= members_.size()) return;
  members_[member].heard = std::max(members_[member].heard, now);
}

void Silence::on_hint(SignerIndex member, bool alive) {
  if (member < members_.size()) members_[member].suspected = !alive;
}

bool Silence::dead(SignerIndex leader, std::size_t faults, base::Duration patience,
                   base::Instant busy_since, base::Instant now) const {
  if (leader >= members_.size()) return false;
  const auto suspected = [&](const Member& member) {
    return member.suspected || std::max(member.heard, busy_since) + patience <= now;
  };
  if (!suspected(members_[leader])) return false;
  const auto alive = static_cast<std::size_t>(std::count_if(
      members_.begin(), members_.end(), [&](const Member& member) { return !suspected(member); }));
  if (alive < members_.size() - faults) return false;
  const auto more_silent = static_cast<std::size_t>(
      std::count_if(members_.begin(), members_.end(),
                    [&](const Member& member) { return member.heard < members_[leader].heard; }));
  return more_silent < faults;
}

}  // namespace consensus
