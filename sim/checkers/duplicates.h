// A repeatable call takes effect once where it runs: in one life of a node, its agent does not
// carry out a request whose Idempotency-Key has had its answer. Who hung up before that was told
// nothing, and may have it run again.
#pragma once

#include "sim/checkers/checker.h"

#include <set>
#include <string>
#include <utility>

namespace sim {

class DuplicatesChecker final : public Checker {
 public:
  explicit DuplicatesChecker(const Truth& truth) : Checker("duplicates", truth) {}
  void on_agent_succeeded(const AgentSucceeded& succeeded) override;
  void on_passed_on(const AnswerPassedOn& passed) override;
  void on_started(const NodeStarted& started) override;

 private:
  std::set<std::pair<NodeIndex, std::string>> answered_;
};

}  // namespace sim
