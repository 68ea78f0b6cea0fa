#include "consensus/intake.h"

#include <algorithm>
#include <utility>

namespace consensus {

bool Intake::permits(const base::NodeId& peer, std::size_t checks, std::size_t members,
                     base::Instant now) {
  if (checks == 0) return true;
  auto rate = rates_.find(peer);
  if (rate == rates_.end()) {
    if (rates_.size() >= options_.peers_max) return false;
    const auto burst =
        static_cast<std::uint32_t>(std::max<std::size_t>(4 * members, options_.checks_burst_min));
    rate = rates_.emplace(peer, base::PermitRate(options_.checks_per_second, burst)).first;
  }
  for (std::size_t i = 0; i < checks; ++i) {
    if (!rate->second.take(now)) return false;
  }
  return true;
}

bool Intake::add(Incoming incoming, std::vector<crypto::SignatureCheck> checks, Effects& effects) {
  std::size_t& pending = pending_of_[incoming.from];
  if (pending >= options_.pending_checks_per_peer_max) return false;
  ++pending;
  const std::uint64_t request = next_request_++;
  pending_.emplace(request, std::move(incoming));
  effects.push_back(CheckSignatures{.request = request, .checks = std::move(checks)});
  return true;
}

std::optional<Incoming> Intake::take(std::uint64_t request) {
  const auto at = pending_.find(request);
  if (at == pending_.end()) return std::nullopt;
  Incoming incoming = std::move(at->second);
  pending_.erase(at);
  const auto peer = pending_of_.find(incoming.from);
  if (--peer->second == 0) pending_of_.erase(peer);
  return incoming;
}

std::size_t Intake::pending_max() const {
  std::size_t most = 0;
  for (const auto& [peer, pending] : pending_of_) most = std::max(most, pending);
  return most;
}

}  // namespace consensus
