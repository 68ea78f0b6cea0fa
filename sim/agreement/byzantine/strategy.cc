#include "sim/agreement/byzantine/strategy.h"

namespace sim::agreement {

bool Strategy::on_send(Villain&, std::uint32_t, consensus::Message&) {
  return true;
}
void Strategy::on_broadcast(Villain&, const consensus::Message&) {}
void Strategy::on_receive(Villain&, std::uint32_t, const consensus::Message&) {}

}  // namespace sim::agreement
