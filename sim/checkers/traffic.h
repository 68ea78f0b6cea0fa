// No node says more than its budget, not even when provoked: in each window it sends at most a
// fixed rate plus as much as it was sent itself, so nobody can use it to amplify.
#pragma once

#include "sim/checkers/checker.h"

#include <vector>

namespace sim {

class TrafficChecker final : public Checker {
 public:
  explicit TrafficChecker(const Truth& truth);
  void on_datagram(const DatagramSent& sent) override;
  void on_second(base::Duration at) override;

 private:
  static constexpr std::int64_t window_seconds = 10;
  // Joining and mass restarts included; calm meshes need a tenth of it.
  static constexpr std::uint64_t bytes_per_second = 60'000;

  struct Count {
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
  };
  std::vector<Count> counts_;  // of the current window, by node
  std::int64_t seconds_ = 0;
};

}  // namespace sim
