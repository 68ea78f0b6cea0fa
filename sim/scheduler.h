// The only clock of a simulated world: events in the order of their time, and of their insertion
// where the times are equal. Time jumps from one event to the next.
#pragma once

#include "base/time.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace sim {

class Scheduler {
 public:
  using Action = std::function<void()>;

  // Not before now: what is late happens at once, behind what already waits for now.
  void at(base::Instant when, Action action);
  void after(base::Duration delay, Action action) { at(now_ + delay, std::move(action)); }

  // Runs the next event if it is due until `end`; otherwise moves to `end` and says false.
  bool step(base::Instant end);

  [[nodiscard]] base::Instant now() const { return now_; }
  [[nodiscard]] std::size_t pending() const { return heap_.size(); }
  [[nodiscard]] std::uint64_t events() const { return events_; }

 private:
  struct Entry {
    base::Instant when;
    std::uint64_t order;
    std::uint32_t slot;  // of actions_; the heap moves small entries only
  };
  static bool later(const Entry& a, const Entry& b);

  base::Instant now_;
  std::uint64_t order_ = 0;
  std::uint64_t events_ = 0;
  std::vector<Entry> heap_;  // earliest on top
  std::vector<Action> actions_;
  std::vector<std::uint32_t> free_;  // slots of actions_
};

}  // namespace sim
