// Lifecycle: whether the node serves, drains, leaves or is gone. A drain lets the calls in flight
// end; one that is to end in leaving waits for them at most drain_timeout.
//
//   created --start--> serving --drain--> draining --no call left, or too late--> leaving --> gone
//                         ^                  |                        (only if it shall leave)
//                         +------resume------+
#pragma once

#include "base/time.h"
#include "base/transition.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace kernel {

enum class Phase : std::uint8_t { created, serving, draining, leaving, gone };
[[nodiscard]] std::string_view to_string(Phase phase);

class Lifecycle {
 public:
  explicit Lifecycle(base::Duration drain_timeout) : drain_timeout_(drain_timeout) {}

  void start();
  void drain(bool leave, base::Instant now);
  void resume();

  // The next phase, if it is time for one; call until there is none.
  [[nodiscard]] std::optional<base::Transition> advance(std::size_t exchanges, bool departed,
                                                        base::Instant now);
  [[nodiscard]] Phase phase() const { return phase_; }
  [[nodiscard]] bool drain_wanted() const { return drain_wanted_; }
  [[nodiscard]] base::Instant next_deadline() const { return drain_until_; }

 private:
  base::Transition become(Phase next);

  const base::Duration drain_timeout_;
  Phase phase_ = Phase::created;
  bool drain_wanted_ = false;
  bool leave_after_drain_ = false;
  base::Instant drain_until_ = base::Instant::never();  // only while a drain is to end in leaving
};

}  // namespace kernel
