#include "sim/scheduler.h"

#include <algorithm>
#include <utility>

namespace sim {

bool Scheduler::later(const Entry& a, const Entry& b) {
  return a.when != b.when ? a.when > b.when : a.order > b.order;
}

void Scheduler::at(base::Instant when, Action action) {
  std::uint32_t slot = 0;
  if (free_.empty()) {
    slot = static_cast<std::uint32_t>(actions_.size());
    actions_.push_back(std::move(action));
  } else {
    slot = free_.back();
    free_.pop_back();
    actions_[slot] = std::move(action);
  }
  heap_.push_back({std::max(when, now_), order_++, slot});
  std::push_heap(heap_.begin(), heap_.end(), later);
}

bool Scheduler::step(base::Instant end) {
  if (heap_.empty() || heap_.front().when > end) {
    now_ = std::max(now_, end);
    return false;
  }
  std::pop_heap(heap_.begin(), heap_.end(), later);
  const Entry entry = heap_.back();
  heap_.pop_back();
  const Action action = std::exchange(actions_[entry.slot], nullptr);
  free_.push_back(entry.slot);
  now_ = entry.when;
  ++events_;
  action();
  return true;
}

}  // namespace sim
