// Who watches whom. Every live member has a place on each of K rings, by a hash of ring and id; on
// ring r the monitor of a subject is its nearest live predecessor that is not yet its monitor on an
// earlier ring, so that a subject has min(K, N-1) distinct monitors and nobody appoints itself.
// Places are recomputed for one member at a time. Source: Johansen et al., Fireflies (EuroSys
// 2006); Suresh et al., Rapid (ATC 2018), section 4.
#pragma once

#include "base/ids.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace gossip {

// The largest number of liars among `monitors` monitors that still can neither evict nor hide: a
// death needs one accuser more.
[[nodiscard]] constexpr std::size_t tolerated_liars(std::size_t monitors) {
  return monitors < 3 ? 0 : (monitors - 1) / 3;
}

class Rings {
 public:
  Rings(std::size_t rings, const base::MeshId& mesh);

  // False if it was already there, or not there.
  bool add(const base::NodeId& id);
  bool remove(const base::NodeId& id);

  [[nodiscard]] std::size_t size() const { return rings_.front().size(); }
  // Grows with every change.
  [[nodiscard]] std::uint64_t generation() const { return generation_; }
  // In ring order; of any id, also of one that is not on the rings itself.
  [[nodiscard]] std::vector<base::NodeId> monitors(const base::NodeId& subject) const;
  [[nodiscard]] bool is_monitor(const base::NodeId& monitor, const base::NodeId& subject) const;
  // Nothing if there is no other member.
  [[nodiscard]] std::optional<base::NodeId> successor(const base::NodeId& id, std::uint64_t ring,
                                                      std::size_t steps = 1) const;
  // `index` < size(), in an order of no meaning: for drawing one by chance.
  [[nodiscard]] const base::NodeId& at(std::size_t index) const;

 private:
  struct Place {
    std::uint64_t position;
    std::uint32_t slot;  // of ids_
    bool operator<(const Place& other) const { return position < other.position; }
  };
  using Ring = std::vector<Place>;  // by position

  [[nodiscard]] std::uint64_t position(const base::NodeId& id, std::size_t ring) const;
  [[nodiscard]] Ring::const_iterator find(const Ring& ring, const base::NodeId& id,
                                          std::uint64_t position) const;

  std::uint64_t salt_;
  std::vector<Ring> rings_;          // at least one; all of the same size
  std::vector<base::NodeId> ids_;    // by slot
  std::vector<std::uint32_t> free_;  // slots without a member
  std::uint64_t generation_ = 0;
};

}  // namespace gossip
