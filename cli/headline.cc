// The headline on the simulator: the kernels that the daemon runs, in a virtual world.
#include "cli/headline.h"

#include <string>
#include <utility>

namespace cli {

namespace {

using sim::headline::ChainPlan;
using sim::headline::ChainResult;
using sim::headline::FleetPlan;
using sim::headline::FleetResult;

class Measuring {
 public:
  explicit Measuring(const HeadlineOptions& options) : options_(options) {}

  std::vector<HeadlineRow> all() {
    ten_of_95();
    for (const std::uint32_t percent : {95U, 99U}) {
      for (const std::uint32_t length : {3U, 5U, 10U, 15U}) {
        if (percent == 95 && length == 10) continue;
        chains(length, percent);
      }
    }
    fleet();
    prices();
    bad_agent();
    return std::move(rows_);
  }

 private:
  // Parts of all work, in steps of agents or about as much.
  static constexpr double work_of_ten = 200'000;

  sim::headline::Progress begin(const std::string& what, double work) {
    what_ = what;
    begun_ += work_;
    work_ = work;
    return [this](double share) {
      if (options_.progress && options_.progress((begun_ + share * work_) / total(), what_)) {
        stopped_ = true;
      }
    };
  }
  static double total() { return 3 * work_of_ten + 0.25 * 6 * (23 + 33) * 10'000 + 450'000; }

  ChainPlan plan(std::uint32_t length, std::uint32_t percent, std::uint32_t chains) const {
    ChainPlan plan;
    plan.seed = options_.seed;
    plan.length = length;
    plan.chains = chains;
    plan.agent = percent == 95 ? sim::headline::agent_of_95() : sim::headline::agent_of_99();
    plan.policy = chain_policy();
    return plan;
  }
  ChainResult through_mesh(ChainPlan plan, std::uint32_t providers, const std::string& name) {
    if (stopped_) return {};
    plan.providers = providers;
    const double work = double{1} * plan.length * plan.chains * 20'000 / options_.chains;
    return run_chains(plan, begin(name, work));
  }
  void add(std::vector<HeadlineRow> rows) {
    if (stopped_) return;
    for (HeadlineRow& row : rows) rows_.push_back(std::move(row));
  }

  void ten_of_95() {
    const ChainPlan ten = plan(10, 95, options_.chains);
    const ChainResult bare = run_bare(ten);
    add({chain_row(10, 95, 0, bare)});
    ChainResult with_two;
    for (const std::uint32_t providers : {1U, 2U, 3U}) {
      const ChainResult result = through_mesh(
          ten, providers, "ten agents of 95 %, " + std::to_string(providers) + " each");
      add({chain_row(10, 95, providers, result)});
      if (providers == 2) with_two = result;
    }
    ChainPlan plain = plan(10, 95, options_.chains / 4);
    plain.policy = {};
    const ChainResult defaults = through_mesh(plain, 2, "ten agents of 95 % without a policy");
    HeadlineRow row = chain_row(10, 95, 2, defaults);
    row.name += "_default_policy";
    row.target.clear();
    row.met.reset();
    add({std::move(row)});
    add(cost_of_chains_rows(bare, with_two));
  }

  void chains(std::uint32_t length, std::uint32_t percent) {
    const ChainPlan few = plan(length, percent, std::max(1U, options_.chains / 4));
    const std::string name =
        std::to_string(length) + " agents of " + std::to_string(percent) + " %";
    add({chain_row(length, percent, 0, run_bare(few))});
    for (const std::uint32_t providers : {1U, 2U, 3U}) {
      add({chain_row(length, percent, providers, through_mesh(few, providers, name))});
    }
  }

  FleetResult fleet_at(double load, base::Duration moves_every) {
    if (stopped_) return {};
    FleetPlan plan;
    plan.seed = options_.seed;
    plan.load = load;
    plan.moves_every = moves_every;
    plan.calls = std::max(1U, options_.chains / 2);
    return run_fleet(plan, begin("a fleet with slow agents", 60'000));
  }
  void fleet() {
    std::vector<FleetResult> still;
    for (const double load : {0.3, 0.6, 0.8}) still.push_back(fleet_at(load, {}));
    add(fleet_rows(still, fleet_at(0.6, std::chrono::seconds(10))));
  }

  void prices() {
    if (stopped_) return;
    sim::headline::PricesPlan plan;
    plan.seed = options_.seed;
    plan.calls = std::max(1U, options_.chains / 2);
    add(price_rows(run_prices(plan, begin("two price levels", 30'000))));
  }

  void bad_agent() {
    if (stopped_) return;
    sim::headline::BadAgentPlan plan;
    plan.seed = options_.seed;
    add(bad_agent_rows(run_bad_agent(plan, begin("a bad agent", 130'000))));
  }

  const HeadlineOptions& options_;  // outlives this
  std::vector<HeadlineRow> rows_;
  std::string what_;
  double begun_ = 0;
  double work_ = 0;
  bool stopped_ = false;
};

std::string share_text(std::uint32_t ppm) {
  std::string text =
      std::to_string(ppm / 10'000) + "." + std::to_string(10'000 + ppm % 10'000).substr(1);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text + " %";
}

std::string mix_text(const sim::AgentTraits& agent) {
  return share_text(agent.transient) + " of its runs fail once (a 5xx or a broken connection), " +
         share_text(agent.sticky) + " of the errands fail at it every time, " +
         share_text(agent.slow) + " take " + std::to_string(agent.slow_by) + " times as long, " +
         share_text(agent.wrong) + " give output that breaks its declared check, " +
         share_text(agent.refused) + " a JSON-RPC error or a failed A2A task";
}

}  // namespace

// What an operator of such agents writes:
//
//   - retry: { attempts: 5, on: [timeout, unavailable, server_error, stale_context,
//              quality_below_threshold, application_error] }
//     hedge: {}
mesh::Policy chain_policy() {
  mesh::Policy policy;
  policy.attempts = 5;
  policy.retry_on = mesh::RetryReasons::usual().add(mesh::RetryReason::application_error);
  policy.hedge = mesh::HedgePolicy{.enabled = true, .after = std::nullopt};
  return policy;
}

std::vector<HeadlineRow> measure_headline(const HeadlineOptions& options) {
  return Measuring(options).all();
}

std::string headline_assumptions(const HeadlineOptions& options) {
  const std::string seed = std::to_string(options.seed);
  return "Seed " + seed + ", " + std::to_string(options.chains) +
         " chains of ten agents of 95 %; a quarter of the other chains, half as many other calls.\n"
         "Agents take 20 to 125 ms, mostly 50, work before they ask the next one, and stop when\n"
         "nobody waits for them any more; the first caller waits for 2 s; a way between nodes "
         "takes\n"
         "0.2 to 2 ms.\n"
         "An agent of 95 %: " +
         mix_text(sim::headline::agent_of_95()) + ".\n" +
         "An agent of 99 %: " + mix_text(sim::headline::agent_of_99()) + ".\n" +
         "Policy of the chains: retry: { attempts: 5, on: [all six] }, hedge: {}. All else is by\n"
         "default.\n"
         "Slow fleet: 23 agents with 4 places each, 6 of them (26 %) 10 times slower, asked by 4\n"
         "nodes; probes and the first calls count.\n"
         "Prices: 3 novices at a tenth of the price of 3 experts. 20 % of the requests are hard, "
         "of\n"
         "which novices do half; callers are wrong about 10 %; 2 % of all answers break the "
         "check.\n"
         "Bad agent: one of three at one of ten steps fails at everything for 60 s, while its "
         "health\n"
         "check is fine.\n";
}

}  // namespace cli
