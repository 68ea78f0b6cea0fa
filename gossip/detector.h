// One probe after the other: ping, then through helpers, then a verdict; and the probes that we
// make for others. Knows nothing of members, only of who was asked what.
//
//   start ──> direct ──timeout──> indirect ──timeout──> Unreached
//               └────────ack────────┴──────────────────> Reached
//
// SWIM section 3.1; helpers answer "no" too (Lifeguard's nack), so that silence of all helpers
// points at ourselves.
#pragma once

#include "base/ids.h"
#include "base/time.h"
#include "gossip/options.h"
#include "gossip/packet.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <variant>
#include <vector>

namespace gossip {

enum class ProbeReason : std::uint8_t {
  round,      // it was its turn
  look,       // somebody accuses it, or a link to it broke
  last_look,  // it is about to be declared dead: one ping, everybody sends it
  knock,      // it is dead, but perhaps it came back
};

// The others are about one that is silent anyway: a ping is enough.
[[nodiscard]] constexpr bool asks_others(ProbeReason reason) {
  return reason == ProbeReason::round || reason == ProbeReason::look;
}

struct SendBody {
  base::NodeId to;
  Body body;
  bool introduce = false;  // it may not know us: the packet carries our record
};
struct Reached {
  base::NodeId id;
  base::Duration round_trip{};
  ProbeReason reason = ProbeReason::round;
};
struct Unreached {
  base::NodeId id;
  ProbeReason reason = ProbeReason::round;
  std::uint32_t nacks_missing = 0;
};
// No direct answer in time; helpers are being asked.
struct Delayed {
  base::NodeId id;
};
using DetectorEffect = std::variant<SendBody, Reached, Delayed, Unreached>;
using DetectorEffects = std::vector<DetectorEffect>;

class Detector {
 public:
  explicit Detector(const Options& options, std::uint32_t first_sequence)
      : options_(options), next_sequence_(first_sequence) {}

  struct Start {
    base::NodeId target;
    ProbeReason reason = ProbeReason::round;
    base::Duration round_trip{};  // 0 = unknown
    std::uint32_t multiplier = 1;
    bool introduce = false;
    std::vector<base::NodeId> helpers;  // none: no indirect phase
  };
  // Not while the same target is being probed, or too much is in flight.
  bool start(Start start, base::Instant now, DetectorEffects& effects);
  [[nodiscard]] bool probing(const base::NodeId& target) const { return targets_.contains(target); }

  void on_ack(const base::NodeId& from, std::uint32_t sequence, base::Instant now,
              DetectorEffects& effects);
  void on_relayed(const base::NodeId& from, const Relayed& relayed, base::Instant now,
                  DetectorEffects& effects);
  // The target is known to be a member.
  void on_request(const base::NodeId& from, const PingRequest& request, base::Instant now,
                  DetectorEffects& effects);
  void on_time(base::Instant now, DetectorEffects& effects);
  // Forget the probes of our own: we were starved, their failure means nothing.
  void discard();
  [[nodiscard]] base::Instant next_deadline() const;

 private:
  struct Direct {};
  struct Indirect {
    std::set<base::NodeId> silent;  // helpers that said nothing yet
  };
  struct Probe {
    Start start;
    base::Instant sent;
    base::Instant deadline;  // of the phase
    std::variant<Direct, Indirect> phase;
  };
  struct Relay {
    base::NodeId asked_by;
    base::NodeId target;
    std::uint32_t sequence = 0;  // of the request
    base::Instant deadline;
  };
  using Probes = std::map<std::uint32_t, Probe>;

  [[nodiscard]] base::Duration direct_timeout(const Start& start) const;
  void become_indirect(std::uint32_t sequence, Probe& probe, base::Instant now,
                       DetectorEffects& effects);
  void end(Probes::iterator probe, base::Instant now, bool reached, DetectorEffects& effects);

  const Options options_;
  std::uint32_t next_sequence_;
  Probes probes_;                          // <= options_.probes_in_flight_max
  std::set<base::NodeId> targets_;         // of probes_
  std::map<std::uint32_t, Relay> relays_;  // <= options_.relays_max
};

}  // namespace gossip
