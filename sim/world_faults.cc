// What the faults of a scenario do to a world, and how they end.
#include "sim/world.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace sim {

namespace {

std::string text_of(const std::vector<NodeIndex>& nodes) {
  std::string text;
  for (const NodeIndex node : nodes) text += " n" + std::to_string(node);
  return text;
}

}  // namespace

// Whose death this fault explains to the others while it lasts.
std::vector<NodeIndex> World::disturbed_by(const Fault& fault) const {
  using enum FaultKind;
  constexpr std::int64_t loss_borne = 200'000;  // ppm
  constexpr std::int64_t latency_borne = 100;   // ms
  std::vector<NodeIndex> everybody(scenario_.nodes);
  std::iota(everybody.begin(), everybody.end(), 0U);
  switch (fault.kind) {
    case pause:
    case disk_full:
    case disk_slow:
      return fault.nodes;
    case partition:
    case islands:
    case one_way:
    case clog:
    case throttle:
      return everybody;
    case starve:
      if (fault.nodes.size() * 4 > scenario_.nodes || starves_too_many()) return everybody;
      return fault.nodes;
    case loss:
    case bit_rot:
      if (fault.amount + scenario_.loss + scenario_.heavy_tail <= loss_borne) return {};
      return everybody;
    case latency:
      if (fault.amount <= latency_borne) return {};
      return everybody;
    case late_start:
    case crash:
    case duplicate:
    case clock_jump:
    case leave:
    case drain:
    case move:
    case agent_down:
    case agent_slow:
    case agent_flaky:
    case agent_full:
    case lose_log:
    case new_key:
    case restore:
    case evict:
    case reconfigure:
      return {};
  }
  return {};
}

bool World::starves_too_many() const {
  const auto starving = std::count_if(nodes_.begin(), nodes_.end(),
                                      [](const auto& node) { return !node->starving.empty(); });
  return static_cast<std::size_t>(starving) * 4 > nodes_.size();
}

void World::begin_fault(std::size_t index) {
  const Fault& fault = scenario_.faults[index];
  observer_->coverage().saw("fault", "", to_string(fault.kind));
  observer_->trace().add(now(), std::nullopt,
                         std::string(to_string(fault.kind)) + text_of(fault.nodes) +
                             (fault.towards.empty() ? "" : " towards" + text_of(fault.towards)));
  fault_active_[index] = fault.lasts > base::Duration::zero();
  network_.begin(index);
  for (const NodeIndex node : fault.nodes) strike(index, node);
  const bool asked = fault.kind == FaultKind::evict || fault.kind == FaultKind::reconfigure;
  if (asked && decisions_) decisions_->begin(fault);
  if (!fault_active_[index]) return;
  disturbed_[index] = disturbed_by(fault);
  for (const NodeIndex node : disturbed_[index]) observer_->truth().disturb(node);
}

void World::end_fault(std::size_t index) {
  if (!fault_active_[index]) return;
  fault_active_[index] = false;
  const Fault& fault = scenario_.faults[index];
  observer_->trace().add(now(), std::nullopt,
                         std::string(to_string(fault.kind)) + " ends" + text_of(fault.nodes));
  network_.end(index);
  for (const NodeIndex node : fault.nodes) release(index, node);
  if (fault.kind == FaultKind::clog) {
    for (Clogged& held : std::exchange(clogged_, {})) {
      send_raw(held.from, held.to, std::move(held.datagram));
    }
  }
  for (const NodeIndex node : disturbed_[index]) observer_->truth().calm(node, now());
  disturbed_.erase(index);
}

void World::strike(std::size_t index, NodeIndex target) {
  using enum FaultKind;
  const Fault& fault = scenario_.faults[index];
  SimulatedNode& node = *nodes_[target];
  const std::chrono::milliseconds amount(fault.amount);
  switch (fault.kind) {
    case crash:
      return stop(target, true);
    case lose_log:
      stop(target, true);
      if (decisions_) decisions_->lose_log(target);
      return;
    case new_key:
      stop(target, true);
      if (decisions_) decisions_->renew_key(target);
      return;
    case restore:
      if (decisions_) decisions_->copy_disk(target);
      return;
    case move: {
      stop(target, true);
      by_endpoint_.erase(node.endpoint);
      node.endpoint.ip[13] = static_cast<std::uint8_t>(node.endpoint.ip[13] + 1);
      by_endpoint_.emplace(node.endpoint, target);
      return;
    }
    case pause:
      ++node.pauses;
      return;
    case starve:
      node.starving[index] = amount;
      node.next_turn = scheduler_.now() + amount;
      return;
    case clock_jump:
      node.clock.jump(amount);
      return feed(target, kernel::ClockRead{node.clock.wall(scheduler_.now())});
    case disk_full:
      return node.disk.set_full(true);
    case disk_slow:
      return node.disk.set_slow(amount);
    case leave:
      return feed(target, kernel::DrainRequested{.leave = true});
    case drain:
      return feed(target, kernel::DrainRequested{.leave = false});
    case agent_down:
      return node.agent.set_down(true);
    case agent_slow:
      return node.agent.set_slow(amount);
    case agent_flaky:
      return node.agent.set_flaky(static_cast<std::uint32_t>(fault.amount));
    case agent_full:
      return describe_agent_again(target, true);
    case late_start:
    case partition:
    case islands:
    case one_way:
    case loss:
    case duplicate:
    case latency:
    case clog:
    case throttle:
    case bit_rot:
      return;  // of the network, or before the start
    case evict:
    case reconfigure:
      return;  // asked for as a whole
  }
}

void World::release(std::size_t index, NodeIndex target) {
  using enum FaultKind;
  SimulatedNode& node = *nodes_[target];
  switch (scenario_.faults[index].kind) {
    case crash:
    case move:
    case lose_log:
    case new_key:
      return start(target);
    case restore:
      stop(target, true);
      if (decisions_) decisions_->put_back_disk(target);
      return start(target);
    case pause:
      if (node.pauses > 0) --node.pauses;  // a crash in between has continued it
      return pump(target);
    case starve:
      node.starving.erase(index);
      return pump(target);
    case disk_full:
      return node.disk.set_full(false);
    case disk_slow:
      return node.disk.set_slow({});
    case drain:
      return feed(target, kernel::ResumeRequested{});
    case agent_down:
      return node.agent.set_down(false);
    case agent_slow:
      return node.agent.set_slow({});
    case agent_flaky:
      return node.agent.set_flaky(0);
    case agent_full:
      return describe_agent_again(target, false);
    case late_start:
    case partition:
    case islands:
    case one_way:
    case loss:
    case duplicate:
    case latency:
    case clog:
    case throttle:
    case bit_rot:
    case clock_jump:
    case leave:
    case evict:
    case reconfigure:
      return;
  }
}

void World::describe_agent_again(NodeIndex target, bool full) {
  SimulatedNode& node = *nodes_[target];
  if (!node.descriptor) return;
  const std::uint32_t usual = node.agent.concurrency().value_or(workload_concurrency);
  node.descriptor->concurrency = full ? 1 : usual;
  feed(target, kernel::AgentConfigured{node.descriptor});
}

}  // namespace sim
