// Effects that wait for the disk, in order. While it hangs, datagrams beyond a bound are dropped:
// they may always be lost, and they are what a busy mesh makes most of.
#pragma once

#include "node/kernel/effect.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <variant>

namespace node {

class Outbox {
 public:
  explicit Outbox(std::size_t datagrams_max) : datagrams_max_(datagrams_max) {}

  void push(kernel::Effect&& effect) {
    if (std::holds_alternative<kernel::SendDatagram>(effect)) {
      if (datagrams_ >= datagrams_max_) {
        ++dropped_;
        return;
      }
      ++datagrams_;
    }
    effects_.push_back(std::move(effect));
  }
  [[nodiscard]] kernel::Effect pop() {
    kernel::Effect effect = std::move(effects_.front());
    effects_.pop_front();
    if (std::holds_alternative<kernel::SendDatagram>(effect)) --datagrams_;
    return effect;
  }
  void clear() {
    effects_.clear();
    datagrams_ = 0;
  }

  [[nodiscard]] bool empty() const { return effects_.empty(); }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  const std::size_t datagrams_max_;
  std::deque<kernel::Effect> effects_;
  std::size_t datagrams_ = 0;  // of effects_
  std::uint64_t dropped_ = 0;
};

}  // namespace node
