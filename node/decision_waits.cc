#include "node/decision_waits.h"

#include "node/clock.h"
#include "node/http_answer.h"

#include <chrono>
#include <system_error>

namespace node {

void DecisionWaits::wait(const api::DecisionWait& wait, std::unique_ptr<transport::Stream> stream) {
  Waiting waiting{.stream = std::move(stream), .until = steady_now() + wait.patience};
  if (waiting_.size() >= waits_max || waiting_.contains(wait.op)) {
    answer(wait.op, std::move(waiting));
    return;
  }
  deadlines_.emplace(waiting.until, wait.op);
  waiting_.emplace(wait.op, std::move(waiting));
  arm();
}

void DecisionWaits::on_decided(const kernel::StoreDecisions& decided) {
  if (waiting_.empty()) return;
  for (const kernel::StoredDecision& decision : decided.decisions) {
    for (const base::Digest& op : decision.ops) {
      auto found = waiting_.extract(op);
      if (found.empty()) continue;
      deadlines_.erase({found.mapped().until, op});
      answer(op, std::move(found.mapped()));
    }
  }
}

void DecisionWaits::shut_down() {
  waiting_.clear();
  deadlines_.clear();
  timer_.cancel();
}

void DecisionWaits::answer(const base::Digest& op, Waiting&& waiting) {
  const std::unique_ptr<transport::Stream> stream = std::move(waiting.stream);
  node::answer(*stream, answer_(op));
}

void DecisionWaits::arm() {
  if (deadlines_.empty() || deadlines_.begin()->first >= armed_for_) return;
  armed_for_ = deadlines_.begin()->first;
  timer_.expires_at(std::chrono::steady_clock::time_point(
      std::chrono::duration_cast<std::chrono::steady_clock::duration>(
          std::chrono::nanoseconds(armed_for_.nanoseconds()))));
  timer_.async_wait([this](const std::error_code& error) {
    if (error) return;  // armed again for an earlier time, or shut down
    armed_for_ = base::Instant::never();
    on_time();
  });
}

void DecisionWaits::on_time() {
  const base::Instant now = steady_now();
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const base::Digest op = deadlines_.begin()->second;
    deadlines_.erase(deadlines_.begin());
    auto found = waiting_.extract(op);
    answer(op, std::move(found.mapped()));
  }
  arm();
}

}  // namespace node
