// The headline with real processes: a node for each agent, on this machine, in real time.
#include "cli/headline.h"
#include "cli/stage/rehearsal.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace cli {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// What two cores carry with a node and an agent for each place of a chain.
constexpr base::Duration chain_gap = milliseconds(40);

class Rehearsing {
 public:
  explicit Rehearsing(const HeadlineOptions& options) : options_(options) {}

  base::Result<std::vector<HeadlineRow>, std::string> all() {
    chains();
    fleet();
    prices();
    bad_agent();
    if (!error_.empty()) return base::Unexpected{error_};
    return std::move(rows_);
  }

 private:
  static constexpr double parts = 10;
  static constexpr std::uint32_t stories_max = 20;  // of one measurement

  sim::headline::Play play() {
    return [this](const sim::Scenario& scenario, const sim::RunOptions& run) {
      if (!error_.empty()) return;
      std::uint32_t told = 0;
      const auto failed = [&](const std::string& story) {
        if (options_.failed && told++ < stories_max) options_.failed(what_, story);
      };
      if (auto played = stage::rehearse(scenario, run, failed); !played) error_ = played.error();
    };
  }
  sim::headline::Progress begin(const std::string& what) {
    const double begun = done_++;
    what_ = what;
    return [this, begun, what](double share) {
      if (options_.progress && options_.progress((begun + share) / parts, what)) {
        error_ = "interrupted";
      }
    };
  }
  void add(std::vector<HeadlineRow> rows) {
    for (HeadlineRow& row : rows) rows_.push_back(std::move(row));
  }

  void chains() {
    sim::headline::ChainPlan plan;
    plan.seed = options_.seed;
    plan.chains = options_.chains;
    plan.gap = chain_gap;
    plan.agent = sim::headline::agent_of_95();
    plan.policy = chain_policy();
    plan.play = play();
    // Its agents draw what these do; no node is in their way.
    const sim::headline::ChainResult bare = run_bare(plan);
    add({chain_row(plan.length, 95, 0, bare)});
    for (const std::uint32_t providers : {1U, 2U, 3U}) {
      plan.providers = providers;
      const auto result =
          run_chains(plan, begin("ten agents of 95 %, " + std::to_string(providers) + " each"));
      add({chain_row(plan.length, 95, providers, result)});
      if (providers == 2) add(cost_of_chains_rows(bare, result));
    }
  }

  sim::headline::FleetResult fleet_at(double load, base::Duration moves_every) {
    sim::headline::FleetPlan plan;
    plan.seed = options_.seed;
    plan.load = load;
    plan.moves_every = moves_every;
    plan.calls = 5 * options_.chains;
    plan.play = play();
    return run_fleet(plan, begin("a fleet with slow agents"));
  }
  void fleet() {
    std::vector<sim::headline::FleetResult> still;
    for (const double load : {0.3, 0.6, 0.8}) still.push_back(fleet_at(load, {}));
    add(fleet_rows(still, fleet_at(0.6, seconds(10))));
  }

  void prices() {
    sim::headline::PricesPlan plan;
    plan.seed = options_.seed;
    plan.calls = 2 * options_.chains;
    plan.play = play();
    add(price_rows(run_prices(plan, begin("two price levels"))));
  }

  void bad_agent() {
    sim::headline::BadAgentPlan plan;
    plan.seed = options_.seed;
    plan.gap = chain_gap;
    plan.play = play();
    std::vector<HeadlineRow> rows = bad_agent_rows(run_bad_agent(plan, begin("a bad agent")));
    // The others need to see the breakers of the callers.
    std::erase_if(rows, [](const HeadlineRow& row) {
      return row.name != "bad_agent_visible_errors" && row.name != "bad_agent_asked" &&
             row.name != "bad_agent_mean_ms_during";
    });
    add(std::move(rows));
  }

  const HeadlineOptions& options_;  // outlives this
  std::vector<HeadlineRow> rows_;
  std::string error_;
  double done_ = 0;
  std::string what_;  // is measured now
};

}  // namespace

base::Result<std::vector<HeadlineRow>, std::string> rehearse_headline(
    const HeadlineOptions& options) {
  return Rehearsing(options).all();
}

}  // namespace cli
