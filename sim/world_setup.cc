// How a world is set up: nodes with keys, clocks and agents, and everything of the scenario that
// will happen, as events.
#include "crypto/digest.h"
#include "sim/world.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace sim {

namespace {

base::MeshId mesh_of(std::uint64_t seed) {
  const base::Digest digest = crypto::digest(base::as_bytes("sim mesh " + std::to_string(seed)));
  return *base::MeshId::from_view(digest.view());
}

crypto::Identity identity_of(std::uint64_t seed, NodeIndex node) {
  const std::string text = "sim node " + std::to_string(seed) + " " + std::to_string(node);
  const base::Digest digest = crypto::digest(base::as_bytes(text));
  return crypto::Identity::from_seed(*crypto::Seed::from_view(digest.view()));
}

base::Endpoint endpoint_of(NodeIndex node) {
  const auto high = static_cast<std::uint8_t>(node / 250);
  const auto low = static_cast<std::uint8_t>(node % 250 + 1);
  return base::Endpoint::v4({10, 0, high, low}, 7400);
}

ClockModel::Options draw_clock(const Scenario& scenario, base::Rng rng) {
  const std::int64_t drift = scenario.drift_max;
  const std::int64_t offset = scenario.clock_offset_max.count();
  ClockModel::Options options;
  options.origin = std::chrono::seconds(rng.between(1, 1'000'000));
  options.drift_ppm = static_cast<std::int32_t>(rng.between(-drift, drift));
  options.wall_offset = base::Duration(rng.between(-offset, offset));
  return options;
}

}  // namespace

World::World(const Scenario& scenario, const RunOptions& options)
    : scenario_(scenario),
      options_(options),
      rng_(scenario.seed),
      mesh_(mesh_of(scenario.seed)),
      network_(scenario, rng_.fork("network")),
      peer_links_(*this),
      exchanges_(*this, *this),
      kept_calls_(*this, exchanges_,
                  [this](NodeIndex node) -> Disk& { return nodes_[node]->disk; }),
      fault_active_(scenario.faults.size(), false) {
  make_nodes();
  constexpr std::size_t trace_lines = 400;
  constexpr std::size_t story_lines = 1'000'000;
  observer_ = std::make_unique<Observer>(ids_, mesh_, options.trace ? story_lines : trace_lines);
  make_decisions();
  make_adversaries();
  schedule_starts();
  schedule_faults();
  schedule_calls();
  schedule_proposals();
  scheduler_.after(std::chrono::seconds(1), [this] { second(); });
}

World::~World() = default;

void World::make_nodes() {
  for (NodeIndex i = 0; i < scenario_.nodes; ++i) {
    const base::Rng rng = rng_.fork("node", i);
    auto node = std::make_unique<SimulatedNode>(identity_of(scenario_.seed, i), rng);
    node->endpoint = endpoint_of(i);
    node->clock = ClockModel(draw_clock(scenario_, rng.fork("clock")));
    describe(*node, i);
    ids_.push_back(node->identity.id());
    by_id_.emplace(node->identity.id(), i);
    by_short_hex_.emplace(node->identity.id().short_hex(), i);
    by_endpoint_.emplace(node->endpoint, i);
    nodes_.push_back(std::move(node));
  }
}

void World::make_decisions() {
  if (scenario_.deciding.validators.empty()) return;
  Decisions::Access access{.disk = [this](NodeIndex node) -> Disk& { return nodes_[node]->disk; },
                           .kernel = [this](NodeIndex node) { return nodes_[node]->kernel.get(); },
                           .identity = [this](NodeIndex node) -> const crypto::Identity& {
                             return nodes_[node]->identity;
                           }};
  decisions_.emplace(scenario_, mesh_, options_.weakness, *this, std::move(access), *observer_);
}

void World::describe(SimulatedNode& node, NodeIndex index) {
  const Workload& workload = scenario_.workload;
  if (workload.calls == 0) return;
  node.descriptor = describe_agent(index, scenario_.nodes, workload.capabilities,
                                   workload.providers, workload_concurrency);
  for (const AgentTraits& traits : scenario_.agents) {
    const bool named =
        std::find(traits.nodes.begin(), traits.nodes.end(), index) != traits.nodes.end();
    if (!named && !traits.nodes.empty()) continue;
    node.agent.have(traits);
    if (node.descriptor) describe_traits(traits, *node.descriptor);
  }
}

kernel::GateOptions World::gate_options() const {
  kernel::GateOptions options;
  if (!scenario_.hashed_pair_keys) return options;
  options.derive_keys = [](const crypto::Identity& own, const base::NodeId& peer,
                           const base::MeshId& mesh) {
    const auto& [first, second] = std::minmax(own.id(), peer);
    const base::Digest secret = crypto::digest({first.view(), second.view()});
    return std::optional(crypto::PairKeys::from_secret(secret, own.id(), peer, mesh));
  };
  return options;
}

void World::make_adversaries() {
  std::uint64_t number = 0;
  for (const AdversaryChoice& choice : scenario_.adversaries) {
    std::vector<base::NodeId> friends;
    for (const NodeIndex node : choice.nodes) friends.push_back(ids_[node]);
    for (const NodeIndex node : choice.nodes) {
      Liar liar{make_adversary(choice.kind, rng_.fork("adversary", number++)), friends,
                base::Instant() + choice.at, std::nullopt};
      if (!liars_.emplace(node, std::move(liar)).second) continue;
      observer_->truth().dishonest(node);
      scheduler_.at(base::Instant() + choice.at, [this, node, kind = choice.kind] {
        observer_->coverage().saw("adversary", "", to_string(kind));
        observer_->trace().add(now(), node, "turns into a " + std::string(to_string(kind)));
        take_turn(node);
      });
    }
  }
}

void World::schedule_starts() {
  std::vector<base::Instant> when(scenario_.nodes);
  for (NodeIndex node = 0; node < scenario_.nodes; ++node) {
    when[node] = base::Instant() + scenario_.join_gap * node;
  }
  for (const Fault& fault : scenario_.faults) {
    if (fault.kind != FaultKind::late_start) continue;
    for (const NodeIndex node : fault.nodes) when[node] = base::Instant() + fault.at;
  }
  for (NodeIndex node = 0; node < scenario_.nodes; ++node) {
    scheduler_.at(when[node], [this, node] {
      if (nodes_[node]->lives == 0) start(node);
    });
  }
}

void World::schedule_faults() {
  for (std::size_t i = 0; i < scenario_.faults.size(); ++i) {
    const Fault& fault = scenario_.faults[i];
    if (fault.at >= scenario_.chaos_ends) continue;
    scheduler_.at(base::Instant() + fault.at, [this, i] { begin_fault(i); });
    const base::Duration end = std::min(fault.at + fault.lasts, scenario_.chaos_ends);
    if (fault.lasts == base::Duration::zero()) continue;
    scheduler_.at(base::Instant() + end, [this, i] { end_fault(i); });
  }
}

// Call i comes at its own time whatever other calls exist, so that some can be taken out.
void World::schedule_calls() {
  const Workload& workload = scenario_.workload;
  for (std::uint32_t i = 0; i < workload.calls; ++i) {
    const std::uint32_t call = workload.first_call + i;
    base::Rng rng = rng_.fork("call time", call);
    const base::Duration jitter(rng.between(0, workload.gap.count()));
    scheduler_.at(base::Instant() + workload.starts + workload.gap * call + jitter,
                  [this, call] { issue_call(call); });
  }
}

void World::schedule_proposals() {
  if (!decisions_) return;
  const Deciding& deciding = scenario_.deciding;
  for (std::uint32_t i = 0; i < deciding.proposals; ++i) {
    const std::uint32_t number = deciding.first_proposal + i;
    scheduler_.at(base::Instant() + deciding.starts + deciding.gap * number,
                  [this, number] { decisions_->propose(number); });
  }
}

void World::issue_call(std::uint32_t call) {
  base::Rng rng = rng_.fork("call", call);
  const Workload& workload = scenario_.workload;
  const std::uint32_t callers = workload.callers == 0 ? scenario_.nodes : workload.callers;
  const auto node = static_cast<NodeIndex>(scenario_.nodes - callers + rng.below(callers));
  // A long errand begins at the first of them.
  const std::uint64_t first = rng.below(capabilities());
  const std::uint64_t capability = workload.depth > 1 && workload.callers > 0 ? 0 : first;
  const bool idempotent = rng.chance(workload.idempotent);
  const bool impatient = rng.chance(30'000);
  const base::Duration hangs_up = std::chrono::milliseconds(rng.between(1, 500));
  const bool is_hard = rng.chance(workload.hard);
  const bool judged_hard = rng.chance(workload.misjudged) ? !is_hard : is_hard;
  const bool is_low = rng.chance(workload.low);
  if (!nodes_[node]->runs()) return;
  const Errand errand{.call = call, .further = std::max(1U, workload.depth) - 1, .hard = is_hard};
  mesh::CallRequest request{.capability = "cap." + std::to_string(capability),
                            .method = idempotent && rng.chance(300'000) ? "GET" : "POST",
                            .rest = errand.target(),
                            .headers = {},
                            .body_size = rng.below(20'000),
                            .body_start = {}};
  const auto deadline =
      std::chrono::duration_cast<std::chrono::milliseconds>(workload.deadline).count();
  request.headers.push_back({"parley-deadline", std::to_string(deadline) + "ms"});
  if (idempotent && request.method == "POST") {
    request.headers.push_back({"idempotency-key", "key-" + std::to_string(call)});
  }
  if (workload.hard > 0) {
    request.headers.push_back({"parley-complexity", judged_hard ? "0.9" : "0.1"});
  }
  if (is_low) request.headers.push_back({"parley-priority", "low"});
  ++observer_->figures().calls;
  open_calls_.emplace(call, OpenCall{node, now()});
  if (options_.watch) {
    observer_->tell(&Checker::on_call, CallIssued{now(), call, node, workload.deadline});
  }
  exchanges_.call(node, call, std::move(request));
  if (impatient && workload.callers == 0)
    scheduler_.after(hangs_up, [this, node, call] { exchanges_.abort(node, call); });
}

}  // namespace sim
