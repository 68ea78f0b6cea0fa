// Everything bounded stays within its bound: tables, queues, exchanges, the size of a datagram.
#pragma once

#include "sim/checkers/checker.h"

namespace sim {

class BoundsChecker final : public Checker {
 public:
  explicit BoundsChecker(const Truth& truth) : Checker("bounds", truth) {}
  void on_gauge(const Gauge& gauge) override;
  void on_datagram(const DatagramSent& sent) override;

 private:
  static constexpr std::size_t datagram_bytes_max = 1'400;
};

}  // namespace sim
