#include "node/driver.h"

#include "node/clock.h"

#include <chrono>
#include <utility>

namespace node {

Driver::Driver(asio::io_context& io, kernel::Kernel& kernel, EffectSink& sink,
               DriverOptions options)
    : kernel_(kernel),
      sink_(sink),
      options_(options),
      timer_(io),
      disk_timer_(io),
      outbox_(options.waiting_datagrams_max) {}

void Driver::feed(kernel::Input input) {
  if (stopped_) return;
  if (draining_) {
    inbox_.push_back(std::move(input));
    return;
  }
  draining_ = true;  // between turns the inbox is empty, so this one is next
  take(std::move(input));
  drain();
}

void Driver::persisted(std::uint64_t epoch) {
  if (!waits_for(epoch)) return;
  waiting_for_disk_.reset();
  disk_timer_.cancel();
  if (!draining_) drain();
}

void Driver::wait_for_disk(std::uint64_t epoch) {
  waiting_for_disk_ = epoch;
  disk_timer_.expires_after(options_.disk_patience);
  disk_timer_.async_wait([this, epoch](const std::error_code& error) {
    if (error || !waits_for(epoch)) return;
    sink_.on_disk_late(epoch);
    persisted(epoch);
  });
}

void Driver::stop() {
  stopped_ = true;
  inbox_.clear();
  inbox_next_ = 0;
  outbox_.clear();
  timer_.cancel();
  disk_timer_.cancel();
}

void Driver::take(kernel::Input input) {
  kernel_.handle(std::move(input), steady_now(), scratch_);
  for (kernel::Effect& effect : scratch_) {
    if (waiting_for_disk_ || !outbox_.empty()) {
      outbox_.push(std::move(effect));
    } else if (!stopped_) {
      carry_out(std::move(effect));
    }
  }
  scratch_.clear();
}

void Driver::carry_out(kernel::Effect&& effect) {
  const auto* persist = std::get_if<kernel::Persist>(&effect);
  if (persist != nullptr) wait_for_disk(persist->epoch);
  sink_.carry_out(std::move(effect));
}

void Driver::drain() {
  draining_ = true;
  for (;;) {
    while (!outbox_.empty() && !waiting_for_disk_) {
      carry_out(outbox_.pop());
    }
    if (inbox_next_ == inbox_.size()) break;
    kernel::Input input = std::move(inbox_[inbox_next_++]);
    take(std::move(input));
  }
  inbox_.clear();
  inbox_next_ = 0;
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
