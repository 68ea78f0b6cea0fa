// All ways between nodes, as the scenario and its active faults make them. Answers what becomes of
// what is sent; the world schedules it. A pair of nodes has an established link from its first
// exchange until one of both ends.
#pragma once

#include "base/bytes.h"
#include "base/rng.h"
#include "base/time.h"
#include "sim/choices.h"
#include "sim/link.h"
#include "sim/scenario.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace sim {

class Network {
 public:
  Network(const Scenario& scenario, base::Rng rng);

  // Network faults by their place in the scenario; others are ignored.
  void begin(std::size_t fault);
  void end(std::size_t fault);

  [[nodiscard]] LinkQuality quality(NodeIndex from, NodeIndex to) const;
  [[nodiscard]] Fate datagram(NodeIndex from, NodeIndex to, base::ByteView bytes,
                              base::Instant now);
  // When so many bytes that are sent now over the reliable link arrive, behind all that was sent
  // before; nothing if the way is cut in either direction.
  [[nodiscard]] std::optional<base::Instant> stream(NodeIndex from, NodeIndex to, std::size_t bytes,
                                                    base::Instant now);
  // Chance is a string of bytes, and it is its turn.
  [[nodiscard]] bool chooses(base::Instant now) const {
    return choices_.any() && now - base::Instant() < scenario_.chaos_ends;
  }
  std::uint8_t next_choice() { return choices_.next(); }
  // Both directions open: a reliable link needs both.
  [[nodiscard]] bool connected(NodeIndex a, NodeIndex b) const;

  void link_up(NodeIndex a, NodeIndex b);
  bool link_down(NodeIndex a, NodeIndex b);  // true if there was one
  [[nodiscard]] std::vector<NodeIndex> linked_with(NodeIndex node) const;

 private:
  struct Condition {
    FaultKind kind;
    std::int64_t amount;
    std::vector<bool> from;  // by node
    std::vector<bool> towards;
    base::Instant until;
  };
  [[nodiscard]] static bool cuts(const Condition& condition, NodeIndex from, NodeIndex to);
  // How long this has to wait for its place on a way that is throttled.
  [[nodiscard]] base::Duration queued(NodeIndex from, NodeIndex to, base::Instant now) const;
  void enqueue(NodeIndex from, NodeIndex to, std::size_t bytes, base::Instant now);

  static constexpr base::Duration datagram_queue_max = std::chrono::milliseconds(500);

  const Scenario& scenario_;
  const base::Rng rng_;
  Choices choices_;
  std::map<std::size_t, Condition> active_;                                // by fault
  std::set<std::pair<NodeIndex, NodeIndex>> links_;                        // the lower index first
  std::map<std::pair<NodeIndex, NodeIndex>, base::Instant> last_arrival_;  // directed
  std::map<std::pair<NodeIndex, NodeIndex>, base::Instant> free_at_;  // directed, while throttled
};

}  // namespace sim
