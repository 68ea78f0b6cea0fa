#include "sim/scenario_generator.h"

#include "base/rng.h"
#include "sim/draw_calls.h"
#include "sim/draw_deciding.h"
#include "sim/draw_faults.h"
#include "sim/draws.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace sim {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// The standard run: all join from one address while the mesh grows; some crash, some come back.
Scenario make_calm(std::uint32_t nodes, std::uint64_t seed) {
  Scenario scenario;
  scenario.seed = seed;
  scenario.nodes = nodes == 0 ? 16 : nodes;
  scenario.join_gap = std::max(
      base::Duration(milliseconds(1)),
      std::min(base::Duration(milliseconds(100)), base::Duration(seconds(20)) / scenario.nodes));
  scenario.drift_max = 50;
  scenario.hashed_pair_keys = scenario.nodes >= 200;
  // What is told when all join grows with the square of the mesh, and takes as long to become
  // quiet.
  const std::int64_t quiet_after = scenario.nodes < 200 ? 25 : (scenario.nodes < 500 ? 60 : 90);
  const std::int64_t crashes_from = quiet_after * 1'000;  // ms
  scenario.chaos_ends = seconds(scenario.nodes < 200 ? 40 : quiet_after * 5 / 3);
  base::Rng rng = base::Rng(seed).fork("calm");
  const std::uint32_t crashes = scenario.nodes < 3 ? 0 : 1 + scenario.nodes / 100;
  for (const NodeIndex node : draw_nodes(rng, scenario.seeds, scenario.nodes, crashes)) {
    Fault crash;
    crash.at = draw_ms(rng, crashes_from, crashes_from + 5'000);
    crash.nodes = {node};
    if (rng.chance(50 * percent)) crash.lasts = draw_ms(rng, 100, 8'000);
    scenario.faults.push_back(std::move(crash));
  }
  return scenario;
}

// Everything that goes wrong at once, in a small mesh.
Scenario make_chaos(Profile profile, std::uint32_t nodes, std::uint64_t seed) {
  const base::Rng root(seed);
  base::Rng rng = root.fork("scenario");
  Scenario scenario;
  scenario.seed = seed;
  scenario.nodes = static_cast<std::uint32_t>(rng.between(3, 12));
  if (nodes != 0) scenario.nodes = nodes;
  scenario.seeds = 1 + static_cast<std::uint32_t>(rng.below(std::min(3U, scenario.nodes)));
  scenario.join_gap = draw_ms(rng, 0, 500);
  scenario.chaos_ends = draw_ms(rng, 20'000, 50'000);
  draw_links(scenario, root.fork("links"));
  draw_rough_links(scenario, root);
  draw_faults(scenario, profile, rng, root);
  if (profile != Profile::calls) draw_adversaries(scenario, root.fork("adversaries"));
  const bool decides = profile == Profile::decisions ||
                       (profile == Profile::all && root.fork("decides").chance(35 * percent));
  if (decides) draw_deciding(scenario, root);
  if (profile == Profile::calls || profile == Profile::all) draw_calls(scenario, rng, root);
  return scenario;
}

}  // namespace

Scenario make_scenario(Profile profile, std::uint32_t nodes, std::uint64_t seed) {
  nodes = std::min(nodes, Scenario::nodes_max);
  Scenario scenario =
      profile == Profile::calm ? make_calm(nodes, seed) : make_chaos(profile, nodes, seed);
  std::stable_sort(scenario.faults.begin(), scenario.faults.end(),
                   [](const Fault& a, const Fault& b) { return a.at < b.at; });
  return scenario;
}

}  // namespace sim
