#include "sim/checkers/duplicates.h"

namespace sim {

void DuplicatesChecker::on_agent_succeeded(const AgentSucceeded& succeeded) {
  if (succeeded.key.empty() || !answered_.contains({succeeded.node, succeeded.key})) return;
  violate(succeeded.at, "the agent of n" + std::to_string(succeeded.node) + " carried out '" +
                            succeeded.key + "' again, which had its answer");
}

void DuplicatesChecker::on_passed_on(const AnswerPassedOn& passed) {
  answered_.emplace(passed.node, passed.key);
}

// What was carried out before a crash is not remembered; nobody promises that.
void DuplicatesChecker::on_started(const NodeStarted& started) {
  answered_.erase(answered_.lower_bound({started.node, std::string()}),
                  answered_.lower_bound({started.node + 1, std::string()}));
}

}  // namespace sim
