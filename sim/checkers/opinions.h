// While fewer than half of those who speak of an agent lie, what comes out lies between values that
// honest members told within the life of a report.
#pragma once

#include "sim/checkers/checker.h"

#include <deque>
#include <map>
#include <string>
#include <utility>

namespace sim {

class OpinionsChecker final : public Checker {
 public:
  explicit OpinionsChecker(const Truth& truth) : Checker("opinions", truth) {}
  void on_told(const ObservationTold& told) override;
  void on_opinion(const OpinionHeld& held) override;

 private:
  // How long a report may count after it was signed, clocks that run wrong included.
  static constexpr base::Duration remembered = std::chrono::seconds(150);

  struct Told {
    base::Duration last{};  // still told then
    double success = 0;
    double latency = 0;
  };
  // By capability and subject.
  std::map<std::pair<std::string, NodeIndex>, std::deque<Told>> told_;
};

}  // namespace sim
