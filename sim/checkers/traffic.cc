#include "sim/checkers/traffic.h"

namespace sim {

TrafficChecker::TrafficChecker(const Truth& truth)
    : Checker("traffic", truth), counts_(truth.size()) {}

void TrafficChecker::on_datagram(const DatagramSent& sent) {
  counts_[sent.from].sent += sent.bytes;
  counts_[sent.to].received += sent.bytes;
}

void TrafficChecker::on_second(base::Duration at) {
  if (++seconds_ % window_seconds != 0) return;
  for (NodeIndex node = 0; node < truth().size(); ++node) {
    const std::uint64_t budget = bytes_per_second * window_seconds + counts_[node].received;
    if (truth().honest(node) && counts_[node].sent > budget) {
      violate(at, "n" + std::to_string(node) + " sent " + std::to_string(counts_[node].sent) +
                      " bytes in " + std::to_string(window_seconds) + " seconds, its budget is " +
                      std::to_string(budget));
    }
    counts_[node] = {};
  }
}

}  // namespace sim
