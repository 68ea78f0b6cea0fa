// The enumeration of Twins, in small.
#include "sim/agreement/plan.h"
#include "sim/agreement/register.h"

namespace sim::agreement {

namespace {

constexpr std::uint32_t members = 4;
constexpr std::uint32_t instances = members + 1;
constexpr std::uint64_t splits = std::uint64_t{1} << (instances - 1);  // the last is on side 0

}  // namespace

std::uint64_t twins_plans(std::uint32_t views) {
  std::uint64_t plans = members;
  for (std::uint32_t view = 0; view < views; ++view) plans *= splits;
  return plans;
}

Plan make_twins_plan(std::uint64_t number, std::uint32_t views) {
  Plan plan;
  plan.seed = 1;  // the same epoch, and so the same leaders, in all of them
  plan.members = members;
  plan.identities = members;
  plan.liars.push_back(
      {.identity = static_cast<std::uint32_t>(number % members), .ways = {Villainy::twins}});
  number /= members;
  for (std::uint32_t view = 0; view < views; ++view) {
    plan.splits.push_back(static_cast<std::uint32_t>(number % splits));
    number /= splits;
  }
  plan.latency_max = std::chrono::milliseconds(5);
  plan.sync_max = std::chrono::milliseconds(1);
  plan.chaos_ends = std::chrono::seconds(8);
  plan.blackout = plan.chaos_ends;
  for (std::uint32_t i = 0; i < members; ++i) {
    RegisterOp op;
    op.author = static_cast<std::uint8_t>(i);
    op.sequence = 1;
    plan.submissions.push_back({.at = std::chrono::seconds(1), .op = op.bytes(), .to = {i}});
  }
  return plan;
}

}  // namespace sim::agreement
