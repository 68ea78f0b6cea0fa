// Every call settles exactly once: each exchange that a node opened ends once while the node lives,
// each call of an agent gets one answer or one broken connection, soon after its deadline at the
// latest.
#pragma once

#include "sim/checkers/checker.h"

#include <map>
#include <set>
#include <utility>

namespace sim {

class CallsChecker final : public Checker {
 public:
  explicit CallsChecker(const Truth& truth) : Checker("calls", truth) {}
  void on_call(const CallIssued& issued) override;
  void on_call_ended(const CallEnded& ended) override;
  void on_exchange(const ExchangeOpened& opened) override;
  void on_exchange_ended(const ExchangeEnded& ended) override;
  void on_stopped(const NodeStopped& stopped) override;
  void on_second(base::Duration at) override;
  void on_end(base::Duration at) override;

 private:
  static constexpr base::Duration slack = std::chrono::seconds(2);  // past the deadline

  std::map<std::uint32_t, CallIssued> open_calls_;
  std::set<std::uint32_t> ended_calls_;
  std::map<std::pair<NodeIndex, std::uint64_t>, base::Duration> open_exchanges_;  // since when
};

}  // namespace sim
