#include "sim/agreement/fuzzer.h"

#include "sim/agreement/register.h"

#include <algorithm>
#include <set>
#include <utility>

namespace sim::agreement {

namespace {

using Choices = std::vector<std::uint8_t>;

constexpr std::size_t choices_first = 64;
constexpr std::size_t choices_max = 2048;

Plan plan_of(Choices choices, const std::vector<Villainy>& ways, consensus::Weakness weakness) {
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

// One to four changes: a byte, a run of them from elsewhere in this string or another, more or
// fewer.
Choices changed(Choices choices, const Choices& other, base::Rng& rng) {
  for (std::int64_t changes = rng.between(1, 4); changes > 0; --changes) {
    const auto at = static_cast<std::size_t>(rng.below(choices.size()));
    const std::uint64_t kind = rng.below(4);
    if (kind == 0) {
      choices[at] = static_cast<std::uint8_t>(rng.below(256));
    } else if (kind == 1) {
      const auto from = static_cast<std::size_t>(rng.below(other.size()));
      const std::size_t length =
          std::min({other.size() - from, choices.size() - at, std::size_t{16}});
      std::copy_n(other.begin() + static_cast<std::ptrdiff_t>(from), length,
                  choices.begin() + static_cast<std::ptrdiff_t>(at));
    } else if (kind == 2 && choices.size() < choices_max) {
      for (int i = 0; i < 16; ++i) choices.push_back(static_cast<std::uint8_t>(rng.below(256)));
    } else if (choices.size() > choices_first) {
      choices.resize(choices.size() - 16);
    }
  }
  return choices;
}

}  // namespace

RunResult run_choices(Choices choices, const std::vector<Villainy>& ways,
                      consensus::Weakness weakness) {
  const Plan plan = plan_of(std::move(choices), ways, weakness);
  World world(plan);
  return world.run();
}

FuzzReport fuzz(std::uint64_t seed, std::uint64_t runs, const std::vector<Villainy>& ways,
                consensus::Weakness weakness) {
  FuzzReport report;
  base::Rng rng = base::Rng(seed).fork("fuzzer");
  std::vector<Choices> corpus(1);
  for (std::size_t i = 0; i < choices_first; ++i) {
    corpus.front().push_back(static_cast<std::uint8_t>(rng.below(256)));
  }
  std::set<std::uint32_t> known;
  for (; report.runs < runs && report.violations.empty(); ++report.runs) {
    Choices choices = corpus.front();
    if (report.runs > 0) choices = changed(rng.pick(corpus), rng.pick(corpus), rng);
    const RunResult result = run_choices(choices, ways, weakness);
    const std::size_t before = known.size();
    known.insert(result.situations.begin(), result.situations.end());
    if (!result.violations.empty()) {
      report.violations = result.violations;
      report.failing = choices;
    }
    if (known.size() > before) corpus.push_back(std::move(choices));
  }
  report.kept = corpus.size();
  report.situations = known.size();
  return report;
}

}  // namespace sim::agreement
