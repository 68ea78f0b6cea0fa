// Driver: the one place where inputs meet the kernel. It gives each input the time, carries out the
// effects in order through the sink, and keeps one timer armed for the kernel's next deadline.
//
// Order: an input that comes up while effects are carried out waits until all of them are done. The
// effect Persist is a barrier: it and everything behind it wait until persisted() is called.
#pragma once

#include "node/kernel/kernel.h"

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <cstddef>
#include <deque>
#include <vector>

namespace node {

class EffectSink {
 public:
  virtual ~EffectSink() = default;
  virtual void carry_out(kernel::Effect effect) = 0;
};

class Driver {
 public:
  Driver(asio::io_context& io, kernel::Kernel& kernel, EffectSink& sink);

  void feed(kernel::Input input);
  // The disk has what the last Persist asked for: what waited behind it goes on.
  void persisted();
  // The timer is cancelled; further inputs are dropped.
  void stop();

 private:
  // The kernel's turn with one input, and what it wants done.
  void take(kernel::Input input);
  void carry_out(kernel::Effect&& effect);
  void drain();
  void arm();

  kernel::Kernel& kernel_;
  EffectSink& sink_;
  asio::steady_timer timer_;
  base::Instant armed_for_ = base::Instant::never();
  std::vector<kernel::Input> inbox_;   // came up in the middle of a turn
  std::size_t inbox_next_ = 0;         // of inbox_: those before it are handled
  std::deque<kernel::Effect> outbox_;  // effects that wait for the disk, in order
  kernel::Effects scratch_;
  bool draining_ = false;
  bool waiting_for_disk_ = false;
  bool stopped_ = false;
};

}  // namespace node
