#include "node/driver.h"

#include "node/clock.h"

#include <chrono>
#include <utility>

namespace node {

Driver::Driver(asio::io_context& io, kernel::Kernel& kernel, EffectSink& sink)
    : kernel_(kernel), sink_(sink), timer_(io) {}

void Driver::feed(kernel::Input input) {
  if (stopped_) return;
  inbox_.push_back(std::move(input));
  if (!draining_) drain();
}

void Driver::persisted() {
  waiting_for_disk_ = false;
  if (!draining_) drain();
}

void Driver::stop() {
  stopped_ = true;
  inbox_.clear();
  outbox_.clear();
  timer_.cancel();
}

void Driver::drain() {
  draining_ = true;
  for (;;) {
    while (!outbox_.empty() && !waiting_for_disk_) {
      kernel::Effect effect = std::move(outbox_.front());
      outbox_.pop_front();
      waiting_for_disk_ = std::holds_alternative<kernel::Persist>(effect);
      sink_.carry_out(std::move(effect));
    }
    if (inbox_.empty()) break;
    kernel::Input input = std::move(inbox_.front());
    inbox_.pop_front();
    kernel_.handle(std::move(input), monotonic_now(), scratch_);
    for (kernel::Effect& effect : scratch_) outbox_.push_back(std::move(effect));
    scratch_.clear();
  }
  draining_ = false;
  if (!stopped_) arm();
}

void Driver::arm() {
  const base::Instant deadline = kernel_.next_deadline();
  // A timer that fires early is harmless, so it is moved only when it would fire too late.
  if (deadline >= armed_for_) return;
  armed_for_ = deadline;
  timer_.expires_at(std::chrono::steady_clock::time_point(
      std::chrono::duration_cast<std::chrono::steady_clock::duration>(
          std::chrono::nanoseconds(deadline.nanoseconds()))));
  timer_.async_wait([this](const std::error_code& error) {
    if (error) return;  // re-armed for an earlier deadline, or stopped
    armed_for_ = base::Instant::never();
    feed(kernel::TimePassed{});
  });
}

}  // namespace node
