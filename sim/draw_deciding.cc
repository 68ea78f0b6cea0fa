#include "sim/draw_deciding.h"

#include "sim/draws.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

namespace sim {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint32_t faults_borne(std::size_t validators) {
  return validators == 0 ? 0 : static_cast<std::uint32_t>((validators - 1) / 3);
}

bool contains(const std::vector<NodeIndex>& nodes, NodeIndex node) {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

// Who is gone for good in the end.
std::vector<NodeIndex> doomed(const Scenario& scenario) {
  std::vector<NodeIndex> nodes;
  for (const Fault& fault : scenario.faults) {
    const bool for_good = fault.kind == FaultKind::leave ||
                          (fault.kind == FaultKind::crash && fault.lasts == base::Duration::zero());
    if (for_good) nodes.insert(nodes.end(), fault.nodes.begin(), fault.nodes.end());
  }
  for (const AdversaryChoice& adversary : scenario.adversaries) {
    nodes.insert(nodes.end(), adversary.nodes.begin(), adversary.nodes.end());
  }
  for (const LyingChoice& lying : scenario.liars) {
    nodes.insert(nodes.end(), lying.nodes.begin(), lying.nodes.end());
  }
  return nodes;
}

// No more validators go for good, or lie, than a committee bears: the others come back.
void spare_validators(Scenario& scenario) {
  const std::vector<NodeIndex>& validators = scenario.deciding.validators;
  std::vector<NodeIndex> lost;
  const auto spare = [&](NodeIndex node) {
    if (!contains(validators, node) || contains(lost, node)) return false;
    if (lost.size() >= faults_borne(validators.size())) return true;
    lost.push_back(node);
    return false;
  };
  for (LyingChoice& lying : scenario.liars) std::erase_if(lying.nodes, spare);
  for (AdversaryChoice& adversary : scenario.adversaries) std::erase_if(adversary.nodes, spare);
  std::erase_if(scenario.adversaries, [](const auto& one) { return one.nodes.empty(); });
  for (Fault& fault : scenario.faults) {
    const bool crash = fault.kind == FaultKind::crash && fault.lasts == base::Duration::zero();
    if (crash || fault.kind == FaultKind::leave) std::erase_if(fault.nodes, spare);
  }
  std::erase_if(scenario.faults, [](const Fault& fault) { return fault.nodes.empty(); });
}

// One more, one less or another one, all of them there in the end.
void draw_committee_change(Scenario& scenario, base::Rng rng) {
  const std::vector<NodeIndex> gone = doomed(scenario);
  std::vector<NodeIndex> seats = scenario.deciding.validators;
  std::vector<NodeIndex> fresh;
  for (NodeIndex node = 0; node < scenario.nodes; ++node) {
    if (!contains(seats, node) && !contains(gone, node)) fresh.push_back(node);
  }
  const std::uint64_t way = rng.below(3);
  if (way != 1 && fresh.empty()) return;
  if (way != 0) {
    std::vector<NodeIndex> well;
    for (const NodeIndex node : seats) {
      if (!contains(gone, node)) well.push_back(node);
    }
    const std::size_t left = seats.size() - (way == 1 ? 1 : 0);
    if (well.empty() || left == 0) return;
    if (faults_borne(left) < faults_borne(seats.size()) && well.size() < seats.size()) return;
    std::erase(seats, rng.pick(well));
  }
  if (way != 1) seats.push_back(rng.pick(fresh));
  std::sort(seats.begin(), seats.end());
  Fault change;
  change.kind = FaultKind::reconfigure;
  change.at = draw_ms(rng, 8'000, 18'000);
  change.nodes = seats;
  scenario.faults.push_back(std::move(change));
}

// One validator's log is lost, where the committee bears one more that votes no more; then its
// operator gives it a fresh key, and the committee lists that.
void draw_lost_log(Scenario& scenario, base::Rng rng) {
  const std::vector<NodeIndex> gone = doomed(scenario);
  const std::vector<NodeIndex>& validators = scenario.deciding.validators;
  std::vector<NodeIndex> well;
  for (const NodeIndex node : validators) {
    if (!contains(gone, node)) well.push_back(node);
  }
  if (validators.size() - well.size() >= faults_borne(validators.size())) return;
  Fault loss;
  loss.kind = FaultKind::lose_log;
  loss.at = draw_ms(rng, 6'000, 12'000);
  loss.lasts = draw_ms(rng, 100, 3'000);
  loss.nodes = {rng.pick(well)};
  Fault fresh = loss;
  fresh.kind = FaultKind::new_key;
  fresh.at = loss.at + loss.lasts + draw_ms(rng, 100, 5'000);
  Fault listed;
  listed.kind = FaultKind::reconfigure;
  listed.at = fresh.at + draw_ms(rng, 0, 3'000);
  listed.nodes = validators;
  scenario.faults.push_back(std::move(loss));
  if (rng.chance(30 * percent)) return;
  scenario.faults.push_back(std::move(fresh));
  scenario.faults.push_back(std::move(listed));
}

void draw_eviction(Scenario& scenario, base::Rng rng) {
  std::vector<NodeIndex> subjects;
  for (NodeIndex node = scenario.seeds; node < scenario.nodes; ++node) {
    bool sits = contains(scenario.deciding.validators, node);
    for (const Fault& fault : scenario.faults) {
      sits = sits || (fault.kind == FaultKind::reconfigure && contains(fault.nodes, node));
    }
    if (!sits) subjects.push_back(node);
  }
  if (subjects.empty()) return;
  Fault eviction;
  eviction.kind = FaultKind::evict;
  eviction.at = draw_ms(rng, 8'000, 18'000);
  eviction.nodes = {rng.pick(subjects)};
  scenario.faults.push_back(std::move(eviction));
}

// Up to f validators, each in one to three ways; never a seed, by which the others find the mesh.
void draw_lies(Scenario& scenario, base::Rng rng) {
  std::vector<NodeIndex> able;
  for (const NodeIndex node : scenario.deciding.validators) {
    if (node >= scenario.seeds) able.push_back(node);
  }
  const std::size_t most =
      std::min<std::size_t>(faults_borne(scenario.deciding.validators.size()), able.size());
  if (most == 0 || !rng.chance(50 * percent)) return;
  rng.shuffle(able);
  const std::uint64_t count = 1 + rng.below(most);
  for (std::uint64_t i = 0; i < count; ++i) {
    LyingChoice lying{.nodes = {able[i]}, .ways = {}};
    for (std::int64_t kinds = rng.between(1, 3); kinds > 0; --kinds) {
      lying.ways.push_back(static_cast<agreement::Villainy>(rng.below(agreement::villainies)));
    }
    scenario.liars.push_back(std::move(lying));
  }
}

// Clocks are set right by a second, forth or back; those of a committee have to be near each other.
void draw_clock_jumps(Scenario& scenario, base::Rng rng) {
  if (!rng.chance(50 * percent)) return;
  for (std::uint64_t count = 1 + rng.below(4); count > 0; --count) {
    Fault jump;
    jump.kind = FaultKind::clock_jump;
    jump.at = draw_ms(rng, 2'000, 18'000);
    const auto node = static_cast<NodeIndex>(rng.below(scenario.nodes));
    const bool again =
        std::any_of(scenario.faults.begin(), scenario.faults.end(), [&](const Fault& fault) {
          return fault.kind == FaultKind::clock_jump && contains(fault.nodes, node);
        });
    if (again) continue;
    jump.nodes = {node};
    jump.amount = rng.between(-400, 400);
    scenario.faults.push_back(std::move(jump));
  }
}

// The whole mesh, or a part, loses its power for a moment: what matters to agreement most.
void draw_power_cuts(Scenario& scenario, base::Rng rng) {
  const std::uint64_t cuts = rng.below(4);
  for (std::uint64_t i = 0; i < cuts; ++i) {
    Fault crash;
    crash.at = draw_ms(rng, 3'000, 18'000);
    crash.lasts = draw_ms(rng, 50, 3'000);
    const bool all = rng.chance(40 * percent);
    const std::uint64_t width = all ? scenario.nodes : 1 + rng.below(scenario.nodes);
    crash.nodes = draw_nodes(rng, 0, scenario.nodes, width);
    scenario.faults.push_back(std::move(crash));
  }
}

}  // namespace

void draw_deciding(Scenario& scenario, const base::Rng& root) {
  base::Rng rng = root.fork("committee");
  const std::vector<std::uint32_t> sizes{1, 3, 4, 4, 4, 4, 5, 7};
  const std::uint32_t size = std::min(rng.pick(sizes), scenario.nodes);
  Deciding& deciding = scenario.deciding;
  deciding.validators = draw_nodes(rng, 0, scenario.nodes, size);
  deciding.by_invitation = rng.chance(30 * percent);
  deciding.proposals = static_cast<std::uint32_t>(rng.between(5, 80));
  deciding.starts = draw_ms(rng, 1'000, 8'000);
  deciding.gap = draw_ms(rng, 20, 500);
  base::Rng snapshots = root.fork("snapshots");
  if (snapshots.chance(40 * percent)) {
    deciding.snapshot_after = static_cast<std::uint32_t>(snapshots.between(2, 30));
  }
  scenario.patience = std::max(scenario.patience, base::Duration(seconds(90)));
  scenario.clock_offset_max =
      std::min(scenario.clock_offset_max, base::Duration(milliseconds(500)));
  std::erase_if(scenario.faults,
                [](const Fault& fault) { return fault.kind == FaultKind::clock_jump; });
  if (deciding.by_invitation) {
    // Who is not in yet cannot bring anybody in.
    for (NodeIndex seed = 0; seed < scenario.seeds; ++seed) {
      if (!contains(deciding.validators, seed)) deciding.by_invitation = false;
    }
  }
  draw_lies(scenario, root.fork("lies"));
  spare_validators(scenario);
  std::erase_if(scenario.liars, [](const LyingChoice& one) { return one.nodes.empty(); });
  draw_clock_jumps(scenario, root.fork("clock jumps"));
  draw_power_cuts(scenario, root.fork("power cuts"));
  base::Rng lost_log = root.fork("lost log");
  if (lost_log.chance(25 * percent)) {
    draw_lost_log(scenario, lost_log);
  } else if (rng.chance(40 * percent)) {
    draw_committee_change(scenario, root.fork("committee change"));
  }
  if (rng.chance(40 * percent)) draw_eviction(scenario, root.fork("eviction"));
}

}  // namespace sim
