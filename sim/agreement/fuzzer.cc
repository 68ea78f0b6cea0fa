#include "sim/agreement/fuzzer.h"

#include "sim/agreement/register.h"

#include <utility>

namespace sim::agreement {

namespace {

Plan plan_of(ChoiceString choices, const std::vector<Villainy>& ways,
             consensus::Weakness weakness) {
  Plan plan;
  plan.seed = 1;
  plan.weakness = weakness;
  plan.liars.push_back({.identity = 1, .ways = ways});
  plan.latency_max = std::chrono::milliseconds(20);
  plan.sync_max = std::chrono::milliseconds(1);
  plan.chaos_ends = std::chrono::seconds(6);
  plan.blackout = plan.chaos_ends;
  plan.choices = std::move(choices);
  for (std::uint8_t i = 0; i < 24; ++i) {
    RegisterOp op;
    op.author = static_cast<std::uint8_t>(i % 4);
    op.sequence = 1U + i / 4U;
    plan.submissions.push_back({.at = std::chrono::milliseconds(300 + 200 * i),
                                .op = op.bytes(),
                                .to = {i % 2U == 0 ? 0U : 2U}});
  }
  return plan;
}

}  // namespace

RunResult run_choices(ChoiceString choices, const std::vector<Villainy>& ways,
                      consensus::Weakness weakness) {
  const Plan plan = plan_of(std::move(choices), ways, weakness);
  World world(plan);
  return world.run();
}

SearchReport fuzz(std::uint64_t seed, std::uint64_t runs, const std::vector<Villainy>& ways,
                  consensus::Weakness weakness) {
  return search_choices(seed, runs, [&](const ChoiceString& choices) {
    RunResult result = run_choices(choices, ways, weakness);
    return ChosenRun{std::move(result.violations), std::move(result.situations)};
  });
}

}  // namespace sim::agreement
