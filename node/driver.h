// Driver: the one place where inputs meet the kernel. It gives each input the time, carries out the
// effects in order through the sink, and keeps one timer armed for the kernel's next deadline.
//
// Order: an input that comes up while effects are carried out waits until all of them are done. The
// effect Persist is a barrier: it and everything behind it wait until persisted() is called.
#pragma once

#include "node/kernel/kernel.h"

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <deque>

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
  void drain();
  void arm();

  kernel::Kernel& kernel_;
  EffectSink& sink_;
  asio::steady_timer timer_;
  base::Instant armed_for_ = base::Instant::never();
  std::deque<kernel::Input> inbox_;
  std::deque<kernel::Effect> outbox_;  // effects not yet carried out, in order
  kernel::Effects scratch_;
  bool draining_ = false;
  bool waiting_for_disk_ = false;
  bool stopped_ = false;
};

}  // namespace node
