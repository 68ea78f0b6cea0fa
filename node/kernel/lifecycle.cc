#include "node/kernel/lifecycle.h"

#include "base/check.h"

#include <utility>

namespace kernel {

std::string_view to_string(Phase phase) {
  switch (phase) {
    case Phase::created:
      return "created";
    case Phase::serving:
      return "serving";
    case Phase::draining:
      return "draining";
    case Phase::leaving:
      return "leaving";
    case Phase::gone:
      return "gone";
  }
  return "unknown";
}

void Lifecycle::start() {
  CHECK(phase_ == Phase::created);
  phase_ = Phase::serving;
}

void Lifecycle::drain(bool leave, base::Instant now) {
  if (phase_ != Phase::serving && phase_ != Phase::draining) return;
  drain_wanted_ = true;
  if (!leave || leave_after_drain_) return;
  leave_after_drain_ = true;
  drain_until_ = now + drain_timeout_;
}

void Lifecycle::resume() {
  if (!leave_after_drain_) drain_wanted_ = false;
}

std::optional<base::Transition> Lifecycle::advance(std::size_t exchanges, bool departed,
                                                   base::Instant now) {
  if (phase_ == Phase::serving && drain_wanted_) return become(Phase::draining);
  if (phase_ == Phase::draining && !drain_wanted_) return become(Phase::serving);
  const bool drained = exchanges == 0 || now >= drain_until_;
  if (phase_ == Phase::draining && leave_after_drain_ && drained) {
    drain_until_ = base::Instant::never();
    return become(Phase::leaving);
  }
  if (phase_ == Phase::leaving && departed) return become(Phase::gone);
  return std::nullopt;
}

base::Transition Lifecycle::become(Phase next) {
  CHECK(next != phase_);
  const Phase before = std::exchange(phase_, next);
  return {.machine = "node", .from = to_string(before), .to = to_string(next), .subject = {}};
}

}  // namespace kernel
