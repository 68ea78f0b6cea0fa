#include "sim/checkers/bounds.h"

namespace sim {

void BoundsChecker::on_gauge(const Gauge& gauge) {
  if (gauge.value <= gauge.bound) return;
  violate(gauge.at, "n" + std::to_string(gauge.node) + " has " + std::to_string(gauge.value) + " " +
                        std::string(gauge.what) + ", the bound is " + std::to_string(gauge.bound));
}

void BoundsChecker::on_datagram(const DatagramSent& sent) {
  if (!truth().honest(sent.from) || sent.bytes <= datagram_bytes_max) return;
  violate(sent.at, "n" + std::to_string(sent.from) + " sent a datagram of " +
                       std::to_string(sent.bytes) + " bytes");
}

}  // namespace sim
