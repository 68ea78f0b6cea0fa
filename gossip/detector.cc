#include "gossip/detector.h"

#include <algorithm>
#include <utility>

namespace gossip {

base::Duration Detector::direct_timeout(const Start& start) const {
  const base::Duration adaptive =
      start.round_trip.count() == 0 ? options_.direct_timeout_max
                                    : std::clamp(4 * start.round_trip, options_.direct_timeout_min,
                                                 options_.direct_timeout_max);
  return adaptive * start.multiplier;
}

bool Detector::start(Start start, base::Instant now, DetectorEffects& effects) {
  if (probes_.size() >= options_.probes_in_flight_max) return false;
  if (!targets_.insert(start.target).second) return false;
  const std::uint32_t sequence = next_sequence_++;
  effects.push_back(SendBody{start.target, Ping{sequence}, start.introduce});
  const base::Instant deadline = now + direct_timeout(start);
  probes_.emplace(sequence, Probe{std::move(start), now, deadline, Direct{}});
  return true;
}

void Detector::end(Probes::iterator at, base::Instant now, bool reached, DetectorEffects& effects) {
  const Probe& probe = at->second;
  const auto* indirect = std::get_if<Indirect>(&probe.phase);
  if (reached) {
    effects.push_back(
        Reached{.id = probe.start.target,
                .round_trip = indirect == nullptr ? now - probe.sent : base::Duration(),
                .reason = probe.start.reason});
  } else {
    const std::size_t missing = indirect == nullptr ? 0 : indirect->silent.size();
    effects.push_back(Unreached{.id = probe.start.target,
                                .reason = probe.start.reason,
                                .nacks_missing = static_cast<std::uint32_t>(missing)});
  }
  targets_.erase(probe.start.target);
  probes_.erase(at);
}

void Detector::on_ack(const base::NodeId& from, std::uint32_t sequence, base::Instant now,
                      DetectorEffects& effects) {
  const auto probe = probes_.find(sequence);
  if (probe != probes_.end() && probe->second.start.target == from) {
    return end(probe, now, true, effects);
  }
  const auto relay = relays_.find(sequence);
  if (relay == relays_.end() || relay->second.target != from) return;
  effects.push_back(SendBody{relay->second.asked_by, Relayed{relay->second.sequence, true}, false});
  relays_.erase(relay);
}

void Detector::on_relayed(const base::NodeId& from, const Relayed& relayed, base::Instant now,
                          DetectorEffects& effects) {
  const auto probe = probes_.find(relayed.sequence);
  if (probe == probes_.end()) return;
  auto* indirect = std::get_if<Indirect>(&probe->second.phase);
  if (indirect == nullptr) return;
  const std::vector<base::NodeId>& helpers = probe->second.start.helpers;
  if (std::find(helpers.begin(), helpers.end(), from) == helpers.end()) return;
  if (relayed.reached) return end(probe, now, true, effects);
  indirect->silent.erase(from);
}

void Detector::on_request(const base::NodeId& from, const PingRequest& request, base::Instant now,
                          DetectorEffects& effects) {
  if (relays_.size() >= options_.relays_max) return;
  const std::uint32_t sequence = next_sequence_++;
  // The answer, yes or no, has to be back before the asker gives up.
  relays_.emplace(sequence, Relay{.asked_by = from,
                                  .target = request.target,
                                  .sequence = request.sequence,
                                  .deadline = now + options_.indirect_timeout * 6 / 10});
  effects.push_back(SendBody{request.target, Ping{sequence}, false});
}

void Detector::become_indirect(std::uint32_t sequence, Probe& probe, base::Instant now,
                               DetectorEffects& effects) {
  const auto& helpers = probe.start.helpers;
  probe.phase = Indirect{{helpers.begin(), helpers.end()}};
  probe.deadline = now + options_.indirect_timeout * probe.start.multiplier;
  effects.push_back(Delayed{probe.start.target});
  // Once more directly, with our record: the first may be lost, or it may not know us.
  effects.push_back(SendBody{probe.start.target, Ping{sequence}, true});
  for (const base::NodeId& helper : helpers) {
    effects.push_back(
        SendBody{helper, PingRequest{.sequence = sequence, .target = probe.start.target}, false});
  }
}

void Detector::on_time(base::Instant now, DetectorEffects& effects) {
  for (auto next = probes_.begin(); next != probes_.end();) {
    const auto probe = next++;
    if (now < probe->second.deadline) continue;
    const bool direct = std::holds_alternative<Direct>(probe->second.phase);
    if (direct && asks_others(probe->second.start.reason)) {
      become_indirect(probe->first, probe->second, now, effects);
    } else {
      end(probe, now, false, effects);
    }
  }
  for (auto next = relays_.begin(); next != relays_.end();) {
    const auto relay = next++;
    if (now < relay->second.deadline) continue;
    effects.push_back(
        SendBody{relay->second.asked_by, Relayed{relay->second.sequence, false}, false});
    relays_.erase(relay);
  }
}

void Detector::discard() {
  probes_.clear();
  targets_.clear();
}

base::Instant Detector::next_deadline() const {
  base::Instant next = base::Instant::never();
  for (const auto& [sequence, probe] : probes_) next = std::min(next, probe.deadline);
  for (const auto& [sequence, relay] : relays_) next = std::min(next, relay.deadline);
  return next;
}

}  // namespace gossip
