// Answers of each kind go to each peer at most once in an interval, so that two nodes can never
// keep each other busy. CONSENSUS R11.
#pragma once

#include "base/ids.h"
#include "base/time.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

namespace consensus {

enum class AnswerKind : std::uint8_t {
  status,
  certificates,
  proofs,
  blocks,
  range,
  snapshot,
  readiness
};

class Pacer {
 public:
  explicit Pacer(std::size_t entries_max) : entries_max_(entries_max) {}

  [[nodiscard]] bool allow(const base::NodeId& peer, AnswerKind kind, base::Duration interval,
                           base::Instant now) {
    const auto at = next_.find({peer, kind});
    if (at != next_.end()) {
      if (now < at->second) return false;
      at->second = now + interval;
      return true;
    }
    if (next_.size() >= entries_max_) {
      std::erase_if(next_, [&](const auto& entry) { return entry.second <= now; });
      if (next_.size() >= entries_max_) return false;
    }
    next_.emplace(std::pair(peer, kind), now + interval);
    return true;
  }

 private:
  std::size_t entries_max_;
  std::map<std::pair<base::NodeId, AnswerKind>, base::Instant> next_;
};

}  // namespace consensus
