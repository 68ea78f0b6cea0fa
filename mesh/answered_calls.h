// The last calls that were answered, and by whom: their callers may still say what the answers were
// worth. A ring, since every call of this node's agent passes here.
#pragma once

#include "base/ids.h"
#include "base/slot_index.h"
#include "mesh/call.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mesh {

class AnsweredCalls {
 public:
  static constexpr std::size_t calls_max = 4'096;

  struct Answered {
    CallId call;
    base::NodeId node;
    std::string capability;
    bool judged = false;  // by its caller
  };

  void add(const CallId& call, const base::NodeId& node, std::string_view capability) {
    const std::uint64_t hash = base::spread(call.view());
    std::optional<Slot> slot = place_of(call.view());
    if (!slot) {
      slot = next_;
      next_ = static_cast<Slot>((next_ + 1) % calls_max);
      if (*slot == calls_.size()) {
        calls_.emplace_back();
      } else {
        index_.erase(base::spread(calls_[*slot].call.view()), *slot);
      }
      index_.insert(hash, *slot);
    }
    Answered& answered = calls_[*slot];
    answered.call = call;
    answered.node = node;
    answered.capability.assign(capability);
    answered.judged = false;
  }
  // Whose answer its caller judges now; null: not known, or judged before. One call has one voice.
  [[nodiscard]] const Answered* judge(std::string_view call) {
    const std::optional<Slot> slot = place_of(call);
    if (!slot || calls_[*slot].judged) return nullptr;
    calls_[*slot].judged = true;
    return &calls_[*slot];
  }
  // Null: it was never answered here, or too many were since.
  [[nodiscard]] const Answered* find(std::string_view call) const {
    const std::optional<Slot> slot = place_of(call);
    return slot ? &calls_[*slot] : nullptr;
  }

 private:
  using Slot = base::SlotIndex::Slot;

  [[nodiscard]] std::optional<Slot> place_of(std::string_view call) const {
    return index_.find(base::spread(call),
                       [&](Slot candidate) { return calls_[candidate].call == call; });
  }

  std::vector<Answered> calls_;  // at most calls_max; the oldest stands at next_ once it is full
  Slot next_ = 0;
  base::SlotIndex index_;  // of calls_, by call
};

}  // namespace mesh
