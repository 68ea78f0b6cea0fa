// Driver: the one place where inputs meet the kernel. It gives each input the time, carries out the
// effects in order through the sink, and keeps one timer armed for the kernel's next deadline.
//
// Order: an input that comes up while effects are carried out waits until all of them are done. The
// effect Persist is a barrier: it and everything behind it wait until persisted() is called for it,
// or until the disk's time is over. Going on then is safe because that time is longer than the
// grain of kernel::epoch_before(): the next run takes a higher epoch even if this one is not there.
#pragma once

#include "node/kernel/kernel.h"
#include "node/outbox.h"

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace node {

class EffectSink {
 public:
  virtual ~EffectSink() = default;
  virtual void carry_out(kernel::Effect effect) = 0;
  // The disk has not said in time that it has this epoch: what waited behind it goes on.
  virtual void on_disk_late(std::uint64_t epoch) = 0;
};

struct DriverOptions {
  base::Duration disk_patience = std::chrono::seconds(5);  // at least 2 s
  std::size_t waiting_datagrams_max = 4'096;               // for the disk; further ones are dropped
};

class Driver {
 public:
  Driver(asio::io_context& io, kernel::Kernel& kernel, EffectSink& sink,
         DriverOptions options = {});

  void feed(kernel::Input input);
  // The disk has the epoch of this Persist: what waited behind it goes on. Late is harmless.
  void persisted(std::uint64_t epoch);
  [[nodiscard]] bool waits_for(std::uint64_t epoch) const { return waiting_for_disk_ == epoch; }
  [[nodiscard]] std::uint64_t datagrams_dropped() const { return outbox_.dropped(); }
  // The timer is cancelled; further inputs are dropped.
  void stop();

 private:
  // The kernel's turn with one input, and what it wants done.
  void take(kernel::Input input);
  void carry_out(kernel::Effect&& effect);
  void drain();
  void arm();
  void wait_for_disk(std::uint64_t epoch);

  kernel::Kernel& kernel_;
  EffectSink& sink_;
  const DriverOptions options_;
  asio::steady_timer timer_;
  asio::steady_timer disk_timer_;
  base::Instant armed_for_ = base::Instant::never();
  std::vector<kernel::Input> inbox_;  // came up in the middle of a turn
  std::size_t inbox_next_ = 0;        // of inbox_: those before it are handled
  Outbox outbox_;                     // effects that wait for the disk
  kernel::Effects scratch_;
  bool draining_ = false;
  std::optional<std::uint64_t> waiting_for_disk_;  // the epoch that it is to have
  bool stopped_ = false;
};

}  // namespace node
