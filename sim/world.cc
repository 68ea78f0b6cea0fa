#include "sim/world.h"

#include "sim/checkers/deferrals.h"

#include <algorithm>
#include <utility>

namespace sim {

std::uint32_t World::life(NodeIndex node) const {
  const SimulatedNode& entry = *nodes_.at(node);
  return entry.runs() ? entry.lives : 0;
}

std::optional<NodeIndex> World::node_with(const base::NodeId& id) const {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return std::nullopt;
  return found->second;
}

std::optional<NodeIndex> World::node_at(const base::Endpoint& endpoint) const {
  const auto found = by_endpoint_.find(endpoint);
  if (found == by_endpoint_.end()) return std::nullopt;
  return found->second;
}

base::Endpoint World::address_of(NodeIndex node) const {
  return nodes_[node]->endpoint;
}

// ---- the process of a node ----

namespace {

// For the first capability of a workload that defers.
mesh::Policy deferring() {
  mesh::Policy policy;
  policy.capability = "cap.0";
  policy.deferral = mesh::Deferral{.age_max = DeferralsChecker::age_max, .calls_max = 50};
  return policy;
}

}  // namespace

void World::start(NodeIndex index) {
  SimulatedNode& node = *nodes_[index];
  if (node.runs()) return;
  const bool again = node.lives > 0;
  const base::Rng rng = node.rng.fork("life", node.lives);
  ++node.lives;
  kernel::Options options;
  options.mesh = mesh_;
  options.name = "n" + std::to_string(index);
  options.advertise = node.endpoint;
  for (NodeIndex seed = 0; seed < scenario_.seeds; ++seed) {
    if (seed != index) options.seeds.push_back(nodes_[seed]->endpoint);
  }
  options.gate = gate_options();
  options.calls.policies = scenario_.policies;
  if (scenario_.workload.defers) options.calls.policies.push_back(deferring());
  const Disk::Contents& disk = node.disk.contents();
  kernel::Stored stored{.epoch = disk.epoch, .members = {}, .descriptors = {}};
  for (const auto& [id, record] : disk.members) stored.members.push_back(record);
  for (const auto& [digest, body] : disk.descriptors) stored.descriptors.push_back(body);
  for (const auto& [id, call] : node.disk.calls()) {
    stored.deferred.push_back({.id = mesh::CallId(id),
                               .capability = call.request.capability,
                               .key = call.key,
                               .bytes = call.request.body_size.value_or(0),
                               .age = now() - call.since,
                               .left = std::max(call.until - now(), base::Duration::zero()),
                               .status = call.status});
  }
  node.kernel = std::make_unique<kernel::Kernel>(
      std::move(options), node.identity, std::move(stored), rng,
      decisions_ ? std::optional(decisions_->options_for(index)) : std::nullopt);
  node.armed = base::Instant::never();
  observer_->node_started(index, now(), again);
  feed(index, kernel::Started{node.clock.wall(scheduler_.now())});
  if (node.descriptor) feed(index, kernel::AgentConfigured{node.descriptor});
}

void World::stop(NodeIndex index, bool crashed) {
  SimulatedNode& node = *nodes_[index];
  if (!node.runs()) return;
  observer_->node_stopped(index, now(), crashed);
  peer_links_.stopped(index);
  exchanges_.stopped(index);
  if (decisions_) decisions_->stopped(index, crashed);
  if (crashed) {
    node.disk.crash();
  } else {
    node.disk.synced();
  }
  node.kernel.reset();
  node.inbox.clear();
  node.datagrams_waiting = 0;
  node.outbox.clear();
  node.persisting = false;
  node.drained = false;
  node.pauses = 0;
}

void World::feed(NodeIndex index, kernel::Input input) {
  SimulatedNode& node = *nodes_[index];
  if (!node.runs()) return;
  if (std::holds_alternative<kernel::DatagramReceived>(input)) {
    if (node.datagrams_waiting == SimulatedNode::datagrams_max) return;
    ++node.datagrams_waiting;
  }
  node.inbox.push_back({std::move(input), scheduler_.now()});
  pump(index);
}

// Whether the process gets the processor now. A starving one runs at intervals; whoever finds it
// between two of them arranges for the next.
bool World::may_run(NodeIndex index) {
  SimulatedNode& node = *nodes_[index];
  if (node.pauses > 0) return false;
  if (node.starving.empty() || scheduler_.now() >= node.next_turn) return true;
  if (!node.turn_scheduled) {
    node.turn_scheduled = true;
    scheduler_.at(node.next_turn, [this, index] {
      nodes_[index]->turn_scheduled = false;
      pump(index);
    });
  }
  return false;
}

void World::pump(NodeIndex index) {
  SimulatedNode& node = *nodes_[index];
  if (node.handling || !node.runs() || node.inbox.empty() || !may_run(index)) return;
  node.handling = true;
  const std::uint32_t life = node.lives;
  while (!node.inbox.empty()) {
    auto [input, arrived] = std::move(node.inbox.front());
    node.inbox.pop_front();
    if (auto* datagram = std::get_if<kernel::DatagramReceived>(&input)) {
      --node.datagrams_waiting;
      datagram->waited = scheduler_.now() - arrived;
    }
    handle(index, std::move(input));
    if (!node.runs() || node.lives != life) break;
  }
  node.handling = false;
  if (node.runs()) arm(index);
  if (node.starving.empty()) return;
  base::Duration interval{};
  for (const auto& [fault, period] : node.starving) interval = std::max(interval, period);
  node.next_turn = scheduler_.now() + interval;
}

void World::handle(NodeIndex index, kernel::Input input) {
  SimulatedNode& node = *nodes_[index];
  observer_->digest().add((std::uint64_t{index} << 32) | input.index());
  observer_->digest().add(static_cast<std::uint64_t>(scheduler_.now().nanoseconds()));
  if (const auto* datagram = std::get_if<kernel::DatagramReceived>(&input);
      datagram && lies(index)) {
    liars_.at(index).adversary->on_datagram(datagram->from, datagram->datagram);
  }
  // Only what a node gets to see is its to settle: what waits at a stopped process ends with it.
  if (const auto* call = std::get_if<kernel::CallArrived>(&input)) {
    exchanges_.seen(index, call->exchange.value);
    exchange_opened(index, call->exchange.value);
  }
  if (options_.watch) look_at_input(index, input);
  kernel::Effects effects = std::move(effects_);  // reuse the room
  effects.clear();
  node.kernel->handle(std::move(input), node.clock.monotonic(scheduler_.now()), effects);
  touched_.clear();
  if (decisions_) decisions_->look(index, effects);
  for (kernel::Effect& effect : effects) {
    look_at_effect(index, effect);
    if (const auto* step = std::get_if<base::Transition>(&effect); step && options_.watch) {
      touched_.push_back(step->subject);
    }
    node.outbox.push_back(std::move(effect));
  }
  effects_ = std::move(effects);
  if (options_.watch) look(index);
  drain(index);
}

void World::look(NodeIndex index) {
  SimulatedNode& node = *nodes_[index];
  // Its own record first: others may be told of it within the same moment.
  const gossip::Membership& membership = node.kernel->membership();
  if (!node.persisting && node.outbox.empty()) return;
  const bool barrier = std::any_of(node.outbox.begin(), node.outbox.end(), [](const auto& effect) {
    return std::holds_alternative<kernel::Persist>(effect);
  });
  if (const gossip::Member* self = membership.find(ids_[index]);
      self != nullptr && !barrier && !node.persisting) {
    observer_->published(index, now(), self->record);
  }
  observer_->look(index, now(), membership, touched_);
}

void World::arm(NodeIndex index) {
  SimulatedNode& node = *nodes_[index];
  const base::Instant deadline = node.kernel->next_deadline();
  if (deadline == base::Instant::never()) return;
  // A deadline of now or before fires a moment later, so that time goes on in any case.
  constexpr base::Duration moment = std::chrono::microseconds(1);
  const base::Instant when = std::max(node.clock.when(deadline), scheduler_.now() + moment);
  if (node.armed <= when) return;  // fires early, looks again
  node.armed = when;
  scheduler_.at(when, [this, index, life = node.lives, when] { timer_fired(index, life, when); });
}

void World::timer_fired(NodeIndex index, std::uint32_t life, base::Instant when) {
  SimulatedNode& node = *nodes_[index];
  if (!node.runs() || node.lives != life || node.armed != when) return;
  node.armed = base::Instant::never();
  if (node.clock.monotonic(scheduler_.now()) < node.kernel->next_deadline()) {
    arm(index);
    return;
  }
  feed(index, kernel::TimePassed{});
}

}  // namespace sim
