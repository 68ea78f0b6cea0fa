// The ids of the ops that were decided lately, so many of them: one that is gossiped again too late
// would wait for ever among the others.
#pragma once

#include "base/ids.h"
#include "base/slot_index.h"

#include <cstddef>
#include <vector>

namespace consensus {

class RecentOps {
 public:
  explicit RecentOps(std::size_t ids_max) : ids_max_(ids_max) {}

  [[nodiscard]] bool contains(const base::Digest& id) const {
    return places_.find(id.head(), [&](base::SlotIndex::Slot slot) { return ring_[slot] == id; })
        .has_value();
  }
  // The oldest one makes room for it. Nothing happens if it is here.
  void insert(const base::Digest& id) {
    if (contains(id)) return;
    const bool full = ring_.size() == ids_max_;
    const std::size_t slot = full ? next_ : ring_.size();
    if (full) {
      places_.erase(ring_[slot].head(), static_cast<base::SlotIndex::Slot>(slot));
      ring_[slot] = id;
      next_ = (next_ + 1) % ids_max_;
    } else {
      ring_.push_back(id);
    }
    places_.insert(id.head(), static_cast<base::SlotIndex::Slot>(slot));
  }

 private:
  std::size_t ids_max_;
  std::vector<base::Digest> ring_;
  std::size_t next_ = 0;    // the oldest, once it is full
  base::SlotIndex places_;  // in ring_, by an id's head
};

}  // namespace consensus
