#include "sim/draw_faults.h"

#include "sim/draws.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace sim {

namespace {

using std::chrono::milliseconds;

std::vector<FaultKind> kinds_of(Profile profile) {
  using enum FaultKind;
  switch (profile) {
    case Profile::calm:
      return {};
    case Profile::gossip:
      return {late_start, crash, pause,     starve,  partition, islands,
              one_way,    loss,  duplicate, latency, clog,      disk_full,
              disk_slow,  leave, drain,     move,    clock_jump};
    case Profile::decisions:
      return {late_start, crash,   pause, starve,    partition, islands, one_way, loss,
              duplicate,  latency, clog,  disk_full, disk_slow, leave,   drain,   move};
    case Profile::calls:
      return {crash, pause,      loss,       latency,     partition, drain,
              leave, agent_down, agent_slow, agent_flaky, agent_full};
    case Profile::all:
      return {late_start, crash,     pause,      starve,     partition,  islands,     one_way,
              loss,       duplicate, latency,    clog,       disk_full,  disk_slow,   leave,
              drain,      move,      clock_jump, agent_down, agent_slow, agent_flaky, agent_full};
  }
  return {};
}

std::int64_t draw_amount(base::Rng& rng, FaultKind kind) {
  switch (kind) {
    case FaultKind::starve:
      return rng.between(50, 2'000);
    case FaultKind::loss:
      return rng.between(1, 20) * percent;
    case FaultKind::duplicate:
      return rng.between(1, 50) * percent;
    case FaultKind::latency:
      return rng.between(5, 300);
    case FaultKind::clock_jump:
      return rng.between(-86'400'000, 86'400'000);
    case FaultKind::disk_slow:
      return rng.between(10, 2'000);
    case FaultKind::throttle:
      return std::int64_t{1'024} << rng.below(10);
    case FaultKind::bit_rot:
      return rng.between(1, 10) * percent;
    case FaultKind::agent_slow:
      return rng.between(50, 6'000);
    case FaultKind::agent_flaky:
      return rng.between(5, 80) * percent;
    case FaultKind::late_start:
    case FaultKind::crash:
    case FaultKind::pause:
    case FaultKind::partition:
    case FaultKind::islands:
    case FaultKind::one_way:
    case FaultKind::clog:
    case FaultKind::disk_full:
    case FaultKind::leave:
    case FaultKind::drain:
    case FaultKind::move:
    case FaultKind::agent_down:
    case FaultKind::agent_full:
    case FaultKind::lose_log:
    case FaultKind::new_key:
    case FaultKind::restore:
    case FaultKind::evict:
    case FaultKind::reconfigure:
      return 0;
  }
  return 0;
}

// How many nodes one fault strikes: mostly one, sometimes a good part of the mesh.
std::uint64_t draw_width(base::Rng& rng, FaultKind kind, std::uint32_t nodes) {
  const std::uint32_t most = kind == FaultKind::starve ? nodes / 4 : nodes / 2;
  if (most < 2 || rng.chance(70 * percent)) return 1;
  return 1 + rng.below(most);
}

Fault draw_fault(const Scenario& scenario, FaultKind kind, base::Rng rng) {
  Fault fault;
  fault.kind = kind;
  const auto chaos = std::chrono::duration_cast<milliseconds>(scenario.chaos_ends).count();
  fault.at = draw_ms(rng, 2'000, std::max<std::int64_t>(2'001, chaos - 5'000));
  fault.lasts = draw_ms(rng, 200, 15'000);
  fault.nodes = draw_nodes(rng, 0, scenario.nodes, draw_width(rng, kind, scenario.nodes));
  fault.amount = draw_amount(rng, kind);
  const bool for_good = kind == FaultKind::crash && rng.chance(25 * percent);
  if (for_good || kind == FaultKind::late_start || kind == FaultKind::leave) {
    fault.lasts = base::Duration::zero();
    // The seeds stay, so that whoever starts later finds the mesh.
    const std::uint64_t width = for_good ? fault.nodes.size() : 1;
    fault.nodes = draw_nodes(rng, scenario.seeds, scenario.nodes, width);
  }
  // A seed that moves is found by those who know it, but not by who starts later.
  if (kind == FaultKind::move) fault.nodes = draw_nodes(rng, scenario.seeds, scenario.nodes, 1);
  if (kind == FaultKind::clock_jump) fault.lasts = base::Duration::zero();
  if (kind == FaultKind::one_way && rng.chance(50 * percent)) {
    fault.towards = draw_nodes(rng, 0, scenario.nodes, 1 + rng.below(scenario.nodes));
  }
  return fault;
}

}  // namespace

void draw_faults(Scenario& scenario, Profile profile, base::Rng& rng, const base::Rng& root) {
  std::vector<FaultKind> kinds = kinds_of(profile);
  std::erase_if(kinds, [&](FaultKind) { return rng.chance(50 * percent); });
  const std::uint64_t count = kinds.empty() ? 0 : rng.below(12);
  for (std::uint64_t i = 0; i < count; ++i) {
    const FaultKind kind = rng.pick(kinds);
    Fault fault = draw_fault(scenario, kind, root.fork("fault", i));
    if (!fault.nodes.empty()) scenario.faults.push_back(std::move(fault));
  }
}

void draw_adversaries(Scenario& scenario, base::Rng rng) {
  // Fewer than a third of any subject's monitors may lie, so fewer than a third of all.
  const std::uint32_t liars_max = scenario.nodes < 4 ? 0 : (scenario.nodes - 1) / 3;
  if (liars_max == 0 || rng.chance(40 * percent)) return;
  AdversaryChoice adversary;
  adversary.kind = static_cast<AdversaryKind>(rng.below(7));
  // Never a seed, with which everyone's view would begin; but an eclipser is one of several seeds.
  const bool introducer = adversary.kind == AdversaryKind::eclipser;
  if (introducer) scenario.seeds = std::max(scenario.seeds, std::min(scenario.nodes, 3U));
  const NodeIndex first = introducer ? 0 : scenario.seeds;
  const NodeIndex end = introducer ? scenario.seeds : scenario.nodes;
  adversary.nodes = draw_nodes(rng, first, end, introducer ? 1 : 1 + rng.below(liars_max));
  adversary.at = draw_ms(rng, introducer ? 0 : 1'000, introducer ? 1 : 10'000);
  if (!adversary.nodes.empty()) scenario.adversaries.push_back(std::move(adversary));
}

void draw_links(Scenario& scenario, base::Rng rng) {
  scenario.latency_min = std::chrono::microseconds(rng.between(50, 5'000));
  scenario.latency_max = scenario.latency_min + draw_ms(rng, 0, 30);
  if (rng.chance(40 * percent)) scenario.loss = static_cast<std::uint32_t>(rng.below(5 * percent));
  if (rng.chance(40 * percent)) {
    scenario.duplicate = static_cast<std::uint32_t>(rng.below(5 * percent));
  }
  if (rng.chance(60 * percent)) scenario.drift_max = static_cast<std::uint32_t>(rng.below(500));
  if (rng.chance(60 * percent)) scenario.clock_offset_max = draw_ms(rng, 0, 3'600'000);
}

void draw_rough_links(Scenario& scenario, const base::Rng& root) {
  base::Rng rng = root.fork("rough links");
  if (rng.chance(30 * percent)) {
    scenario.heavy_tail = static_cast<std::uint32_t>(rng.between(1'000, 3 * percent));
  }
  if (!rng.chance(30 * percent)) return;
  for (std::uint64_t i = 1 + rng.below(3); i > 0; --i) {
    const FaultKind kind = rng.chance(50 * percent) ? FaultKind::throttle : FaultKind::bit_rot;
    scenario.faults.push_back(draw_fault(scenario, kind, root.fork("rough link", i)));
  }
}

}  // namespace sim
