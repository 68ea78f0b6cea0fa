#include "sim/scenario_generator.h"

#include "base/rng.h"
#include "sim/errand.h"

#include <algorithm>

namespace sim {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint32_t percent = 10'000;  // in parts per million

milliseconds draw_ms(base::Rng& rng, std::int64_t low, std::int64_t high) {
  return milliseconds(rng.between(low, high));
}

// `count` different nodes out of [first, nodes).
std::vector<NodeIndex> draw_nodes(base::Rng& rng, NodeIndex first, NodeIndex nodes,
                                  std::uint64_t count) {
  std::vector<NodeIndex> all;
  for (NodeIndex node = first; node < nodes; ++node) all.push_back(node);
  rng.shuffle(all);
  all.resize(std::min(all.size(), static_cast<std::size_t>(count)));
  std::sort(all.begin(), all.end());
  return all;
}

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

// Links as they are far away; drawn apart, so that each seed keeps all else that it had.
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

std::uint32_t draw_share(base::Rng& rng, std::uint32_t most) {
  return static_cast<std::uint32_t>(rng.between(0, most)) * percent;
}

// Agents of which each fails in some of the ways that there are.
void draw_agents(Scenario& scenario, base::Rng rng) {
  if (rng.chance(30 * percent)) return;
  const std::uint64_t kinds = 1 + rng.below(3);
  for (std::uint64_t i = 0; i < kinds; ++i) {
    AgentTraits agent;
    if (i > 0) {
      agent.nodes = draw_nodes(rng, 0, scenario.nodes, 1 + rng.below(scenario.nodes));
    }
    agent.service_min = draw_ms(rng, 1, 50);
    agent.service_max = agent.service_min + draw_ms(rng, 0, 400);
    agent.capacity = static_cast<std::uint32_t>(rng.below(6));
    agent.concurrency = static_cast<std::uint32_t>(rng.below(10));
    agent.checked = rng.chance(60 * percent);
    const auto sometimes = [&](std::uint32_t most) {
      const std::uint32_t share = draw_share(rng, most);
      return rng.chance(60 * percent) ? 0 : share;
    };
    agent.transient = sometimes(60);
    agent.sticky = sometimes(20);
    agent.slow = sometimes(20);
    agent.wrong = sometimes(60);
    agent.refused = sometimes(30);
    agent.hard_wrong = sometimes(80);
    agent.busy = sometimes(20);
    agent.quality = sometimes(99);
    agent.cost = static_cast<std::uint32_t>(rng.below(1'000));
    agent.proficiency = static_cast<mesh::Proficiency>(rng.below(3));
    scenario.agents.push_back(std::move(agent));
  }
}

void draw_further_attempts(mesh::Policy& policy, std::uint32_t capabilities, base::Rng rng) {
  if (rng.chance(50 * percent)) {
    policy.attempts = 1 + static_cast<std::uint32_t>(rng.below(5));
    policy.retry_budget = static_cast<double>(rng.below(50)) / 100;
  }
  if (rng.chance(50 * percent)) {
    policy.hedge.emplace();
    policy.hedge->enabled = true;
    if (rng.chance(70 * percent)) policy.hedge->after = draw_ms(rng, 5, 300);
  }
  if (rng.chance(30 * percent)) {
    policy.retry_on = mesh::RetryReasons::usual().add(mesh::RetryReason::application_error);
  }
  if (rng.chance(50 * percent) && policy.capability != "*") {
    policy.fallback = {"cap." + std::to_string(rng.below(capabilities + 1))};
    if (policy.fallback.front() == policy.capability) policy.fallback.clear();
  }
  if (rng.chance(40 * percent)) policy.per_try_timeout = draw_ms(rng, 20, 1'000);
  if (rng.chance(40 * percent)) policy.request_timeout = draw_ms(rng, 100, 3'000);
  if (rng.chance(40 * percent)) policy.on_timeout = static_cast<mesh::OnTimeout>(rng.below(4));
}

void draw_limits(mesh::Policy& policy, base::Rng rng) {
  if (rng.chance(70 * percent)) {
    policy.breaker =
        mesh::BreakerPolicy{.failure_threshold = static_cast<double>(rng.between(1, 8)) / 10,
                            .min_requests = static_cast<std::uint32_t>(rng.between(2, 10)),
                            .window = draw_ms(rng, 1'000, 10'000),
                            .open_for = draw_ms(rng, 200, 8'000),
                            .half_open_requests = static_cast<std::uint32_t>(rng.between(1, 3))};
  }
  if (rng.chance(50 * percent)) {
    policy.outliers =
        mesh::OutlierPolicy{.slower_than = static_cast<double>(rng.between(15, 40)) / 10,
                            .share_max = static_cast<double>(rng.between(1, 10)) / 10,
                            .ejected_for = draw_ms(rng, 200, 5'000)};
  }
  if (rng.chance(40 * percent)) {
    policy.quality = mesh::QualityTiers{.prefer = 0.95, .accept = 0.9, .never_below = 0};
    policy.quality->never_below = static_cast<double>(rng.between(0, 9)) / 10;
  }
  if (rng.chance(20 * percent)) {
    policy.rate.emplace();
    const mesh::Rate rate{.per_second = static_cast<double>(rng.between(1, 20)),
                          .burst = static_cast<std::uint32_t>(rng.between(1, 10))};
    const std::uint64_t which = rng.below(3);
    if (which == 0) policy.rate->per_caller = rate;
    if (which == 1) policy.rate->per_capability = rate;
    if (which == 2) policy.rate->per_agent = rate;
  }
  if (rng.chance(25 * percent)) {
    policy.bulkhead.emplace();
    policy.bulkhead->concurrent_max = static_cast<std::uint32_t>(rng.between(1, 8));
    policy.bulkhead->adaptive = rng.chance(50 * percent);
  }
}

// What users inject into their own calls, and answers that stop in the middle.
void draw_injected(mesh::Policy& policy, base::Rng rng) {
  if (rng.chance(20 * percent)) policy.idle_timeout = draw_ms(rng, 20, 500);
  if (rng.chance(20 * percent)) {
    mesh::FaultRule rule;
    rule.share = draw_share(rng, 30);
    rule.delay = draw_ms(rng, 1, 800);
    policy.faults.push_back(rule);
  }
  if (rng.chance(20 * percent)) {
    mesh::FaultRule rule;
    rule.share = draw_share(rng, 30);
    rule.abort = rng.chance(50 * percent) ? 503 : 500;
    policy.faults.push_back(rule);
  }
  if (rng.chance(20 * percent)) {
    mesh::FaultRule rule;
    rule.share = draw_share(rng, 30);
    rule.answer = std::string(injected_output);
    policy.faults.push_back(rule);
  }
}

void draw_policies(Scenario& scenario, const base::Rng& root) {
  base::Rng rng = root.fork("policies");
  const std::uint64_t count = rng.below(3);
  for (std::uint64_t i = 0; i < count; ++i) {
    mesh::Policy policy;
    policy.capability =
        i == 0 ? "*" : "cap." + std::to_string(rng.below(scenario.workload.capabilities));
    if (rng.chance(60 * percent)) policy.route = static_cast<mesh::RoutePolicy>(rng.below(7));
    draw_further_attempts(policy, scenario.workload.capabilities, root.fork("attempts", i));
    draw_limits(policy, root.fork("limits", i));
    draw_injected(policy, root.fork("injected", i));
    scenario.policies.push_back(std::move(policy));
  }
}

void draw_errands(Workload& workload, base::Rng rng) {
  if (rng.chance(40 * percent)) workload.depth = 1 + static_cast<std::uint32_t>(rng.below(4));
  if (rng.chance(40 * percent)) {
    workload.hard = draw_share(rng, 80);
    workload.misjudged = draw_share(rng, 30);
  }
  if (rng.chance(40 * percent)) workload.low = draw_share(rng, 80);
  // Many at once, so that limits are met.
  if (rng.chance(20 * percent)) workload.gap = draw_ms(rng, 1, 10);
}

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

// A committee among the nodes. Clocks are within a second of each other, as a committee needs them:
// a timestamp too far ahead is waited for, and not voted for.
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

}  // namespace

Scenario make_scenario(Profile profile, std::uint32_t nodes, std::uint64_t seed) {
  nodes = std::min(nodes, Scenario::nodes_max);
  Scenario scenario = profile == Profile::calm ? make_calm(nodes, seed) : Scenario{};
  if (profile != Profile::calm) {
    const base::Rng root(seed);
    base::Rng rng = root.fork("scenario");
    scenario.seed = seed;
    scenario.nodes = static_cast<std::uint32_t>(rng.between(3, 12));
    if (nodes != 0) scenario.nodes = nodes;
    scenario.seeds = 1 + static_cast<std::uint32_t>(rng.below(std::min(3U, scenario.nodes)));
    scenario.join_gap = draw_ms(rng, 0, 500);
    scenario.chaos_ends = draw_ms(rng, 20'000, 50'000);
    draw_links(scenario, root.fork("links"));
    draw_rough_links(scenario, root);

    // Swarm: about half of the kinds exist in this run.
    std::vector<FaultKind> kinds = kinds_of(profile);
    std::erase_if(kinds, [&](FaultKind) { return rng.chance(50 * percent); });
    const std::uint64_t count = kinds.empty() ? 0 : rng.below(12);
    for (std::uint64_t i = 0; i < count; ++i) {
      const FaultKind kind = rng.pick(kinds);
      Fault fault = draw_fault(scenario, kind, root.fork("fault", i));
      if (!fault.nodes.empty()) scenario.faults.push_back(std::move(fault));
    }
    if (profile != Profile::calls) draw_adversaries(scenario, root.fork("adversaries"));
    const bool decides = profile == Profile::decisions ||
                         (profile == Profile::all && root.fork("decides").chance(35 * percent));
    if (decides) draw_deciding(scenario, root);
    if (profile == Profile::calls || profile == Profile::all) {
      Workload& workload = scenario.workload;
      workload.calls = static_cast<std::uint32_t>(rng.between(20, 300));
      workload.gap = draw_ms(rng, 5, 150);
      workload.capabilities = static_cast<std::uint32_t>(rng.between(1, 4));
      workload.providers = static_cast<std::uint32_t>(rng.between(1, 3));
      workload.deadline = draw_ms(rng, 300, 8'000);
      draw_errands(workload, root.fork("errands"));
      draw_agents(scenario, root.fork("agents"));
      draw_policies(scenario, root);
      workload.defers = rng.fork("defers").chance(50 * percent);
    }
  }
  std::stable_sort(scenario.faults.begin(), scenario.faults.end(),
                   [](const Fault& a, const Fault& b) { return a.at < b.at; });
  return scenario;
}

}  // namespace sim
