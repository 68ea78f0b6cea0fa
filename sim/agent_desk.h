// The places at which one agent works: so many requests at once, the others wait in line.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <utility>

namespace sim {

class AgentDesk {
 public:
  // Begins now, or when a place is free; `capacity` 0: there always is one.
  void enter(std::uint32_t capacity, std::function<void()> begin) {
    if (capacity != 0 && busy_ >= capacity) {
      line_.push_back(std::move(begin));
      return;
    }
    ++busy_;
    begin();
  }
  // Who was at work is done, or found nobody left to work for.
  void leave() {
    if (line_.empty()) {
      --busy_;
      return;
    }
    const std::function<void()> next = std::move(line_.front());
    line_.pop_front();
    next();
  }
  [[nodiscard]] std::uint32_t busy() const { return busy_; }
  [[nodiscard]] std::size_t waiting() const { return line_.size(); }

 private:
  std::uint32_t busy_ = 0;
  std::deque<std::function<void()>> line_;  // bounded by the exchanges under way
};

}  // namespace sim
