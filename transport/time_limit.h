// The time limit of one operation that a coroutine awaits. When its end and the operation's fall
// into one turn of the loop, the timer's handler runs although the coroutine went on, and perhaps
// is gone: it therefore owns what it looks at, and does nothing once the limit is destroyed.
#pragma once

#include <asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <system_error>
#include <utility>

namespace transport {

class TimeLimit {
 public:
  // `on_passed` ends the operation; it runs on the executor, and at most as long as this lives.
  template <typename Executor>
  TimeLimit(const Executor& executor, asio::steady_timer::duration time,
            std::function<void()> on_passed)
      : state_(std::make_shared<State>(State{std::move(on_passed)})), timer_(executor, time) {
    timer_.async_wait([state = state_](const std::error_code& cancelled) {
      if (cancelled || !state->on_passed) return;
      state->passed = true;
      state->on_passed();
    });
  }
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;
  ~TimeLimit() { state_->on_passed = nullptr; }

  [[nodiscard]] bool passed() const { return state_->passed; }

 private:
  struct State {
    std::function<void()> on_passed;  // empty: the limit is gone
    bool passed = false;
  };

  std::shared_ptr<State> state_;  // owners: this, and the timer's handler
  asio::steady_timer timer_;
};

}  // namespace transport
