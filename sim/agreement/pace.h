// Holds what honest nodes do once the mesh is calm against L3, L4 and L5 of CONSENSUS 4.2, and what
// they send at any time against L7. Times and bounds are the simulator's: after chaos a message
// takes at most delta, and a replica asks how others stand at least every status_idle.
#pragma once

#include "base/time.h"
#include "consensus/message.h"
#include "sim/agreement/oracle.h"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

namespace sim::agreement {

// What a message takes on the wire, near enough to tell a flood from none.
[[nodiscard]] std::size_t size_of(const consensus::Message& message);

class Pace {
 public:
  using NodeNumber = Oracle::NodeNumber;
  static constexpr base::Duration delta = std::chrono::milliseconds(20);
  // L4: T_empty and six delays, and a tenth for clocks that drift.
  static constexpr base::Duration quiet_after = std::chrono::milliseconds(250);
  // L5: an observer asks two members every five seconds, of whom f may be gone; then ten round
  // trips and the pause before a range is asked for.
  [[nodiscard]] static base::Duration catch_up(std::size_t faults) {
    return std::chrono::seconds(2 + 5 * (1 + (faults + 1) / 2));
  }
  // L7: bytes a second and member while nothing becomes final. Where somebody floods the mesh with
  // ops, blocks are full, and they and up to sixteen of the largest ops are said again every T_rtx.
  static constexpr std::size_t bytes_per_member = 256U * 1024;
  static constexpr std::size_t bytes_per_member_of_floods = 2U * 1024 * 1024;

  Pace(Oracle& oracle, bool floods)
      : oracle_(oracle), bytes_max_(floods ? bytes_per_member_of_floods : bytes_per_member) {}

  // Few enough are silent, nobody lies otherwise, timers have settled: L3 and L5 hold from now on.
  void set_steady(bool steady, std::uint64_t wall_ms);
  // Every op is decided and every mempool empty, so the mesh is to be quiet soon: L4.
  void set_idle(bool idle, base::Duration now);
  [[nodiscard]] std::optional<base::Duration> idle_since() const { return idle_since_; }

  // The first time that a block of this height is decided anywhere.
  void on_decided(const consensus::BlockHeader& header, std::size_t faults);
  // All of these are about honest nodes.
  void on_sent(NodeNumber node, const consensus::Message& message, std::size_t members,
               base::Duration now);
  void on_finalized(NodeNumber node, base::Duration now);
  void on_started(NodeNumber node, base::Duration now) { finalized_at_[node] = now; }
  void on_stopped(NodeNumber node);
  void on_heights(const std::map<NodeNumber, consensus::Height>& heights, std::size_t faults,
                  base::Duration now);

 private:
  struct Sent {
    std::int64_t second = -1;
    std::size_t bytes = 0;  // without ops
    std::size_t op_bytes = 0;
    bool finalized = false;  // something, in this second
  };

  Sent& in_second(NodeNumber node, base::Duration now);
  [[nodiscard]] bool heartbeat_due(base::Duration now) const;

  Oracle& oracle_;
  const std::size_t bytes_max_;
  bool steady_ = false;
  std::uint64_t steady_since_ms_ = 0;           // by the right wall clock
  std::optional<consensus::BlockHeader> last_;  // decided while steady
  std::optional<base::Duration> idle_since_;
  std::map<NodeNumber, base::Duration> finalized_at_;  // the last one, or its start
  std::map<NodeNumber, Sent> sent_;
  std::deque<std::pair<base::Duration, consensus::Height>> heads_;  // while steady
};

}  // namespace sim::agreement
