#include "sim/checkers/bounds.h"
#include "sim/checkers/breakers.h"
#include "sim/checkers/budgets.h"
#include "sim/checkers/calls.h"
#include "sim/checkers/checker.h"
#include "sim/checkers/deadlines.h"
#include "sim/checkers/death_known.h"
#include "sim/checkers/decisions.h"
#include "sim/checkers/deferrals.h"
#include "sim/checkers/duplicates.h"
#include "sim/checkers/ejections.h"
#include "sim/checkers/false_death.h"
#include "sim/checkers/forgery.h"
#include "sim/checkers/opinions.h"
#include "sim/checkers/outsiders.h"
#include "sim/checkers/quality.h"
#include "sim/checkers/states.h"
#include "sim/checkers/traffic.h"
#include "sim/checkers/versions.h"
#include "sim/checkers/votes.h"

namespace sim {

std::vector<std::unique_ptr<Checker>> all_checkers(const Truth& truth, const base::MeshId& mesh) {
  std::vector<std::unique_ptr<Checker>> checkers;
  checkers.push_back(std::make_unique<VersionsChecker>(truth));
  checkers.push_back(std::make_unique<StatesChecker>(truth));
  checkers.push_back(std::make_unique<ForgeryChecker>(truth, mesh));
  checkers.push_back(std::make_unique<FalseDeathChecker>(truth));
  checkers.push_back(std::make_unique<DeathKnownChecker>(truth));
  checkers.push_back(std::make_unique<BoundsChecker>(truth));
  checkers.push_back(std::make_unique<TrafficChecker>(truth));
  checkers.push_back(std::make_unique<CallsChecker>(truth));
  checkers.push_back(std::make_unique<DuplicatesChecker>(truth));
  checkers.push_back(std::make_unique<DeferralsChecker>(truth));
  checkers.push_back(std::make_unique<OpinionsChecker>(truth));
  checkers.push_back(std::make_unique<DeadlinesChecker>(truth));
  checkers.push_back(std::make_unique<BreakersChecker>(truth));
  checkers.push_back(std::make_unique<QualityChecker>(truth));
  checkers.push_back(std::make_unique<BudgetsChecker>(truth));
  checkers.push_back(std::make_unique<EjectionsChecker>(truth));
  checkers.push_back(std::make_unique<DecisionsChecker>(truth));
  checkers.push_back(std::make_unique<OutsidersChecker>(truth));
  checkers.push_back(std::make_unique<VotesChecker>(truth));
  return checkers;
}

}  // namespace sim
