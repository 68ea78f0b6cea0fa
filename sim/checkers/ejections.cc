#include "sim/checkers/ejections.h"

namespace sim {

void EjectionsChecker::on_ejected(const AgentEjected& ejected) {
  constexpr double rounding = 1e-6;
  const double most = ejected.share_max * static_cast<double>(ejected.agents) + rounding;
  const bool within = ejected.ejected <= 1 || static_cast<double>(ejected.ejected) <= most;
  if (within && ejected.ejected < ejected.agents) return;
  violate(ejected.at,
          "n" + std::to_string(ejected.node) + " ejects " + std::to_string(ejected.ejected) +
              " of " + std::to_string(ejected.agents) + " agents of '" + ejected.capability + "'");
}

}  // namespace sim
