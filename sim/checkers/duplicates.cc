#include "sim/checkers/duplicates.h"

namespace sim {

void DuplicatesChecker::on_agent_succeeded(const AgentSucceeded& succeeded) {
  if (succeeded.key.empty()) return;
  if (done_.emplace(succeeded.node, succeeded.key).second) return;
  violate(succeeded.at, "the agent of n" + std::to_string(succeeded.node) + " carried out '" +
                            succeeded.key + "' twice");
}

// What was carried out before a crash is not remembered; nobody promises that.
void DuplicatesChecker::on_started(const NodeStarted& started) {
  done_.erase(done_.lower_bound({started.node, std::string()}),
              done_.lower_bound({started.node + 1, std::string()}));
}

}  // namespace sim
