#include "sim/network.h"

#include <algorithm>
#include <cstring>

namespace sim {

namespace {

std::pair<NodeIndex, NodeIndex> unordered(NodeIndex a, NodeIndex b) {
  return {std::min(a, b), std::max(a, b)};
}

std::vector<bool> flags(const std::vector<NodeIndex>& nodes, std::size_t count) {
  std::vector<bool> result(count, false);
  for (const NodeIndex node : nodes) result[node] = true;
  return result;
}

std::uint64_t tail_word(base::ByteView bytes) {
  std::uint64_t word = bytes.size();
  if (bytes.size() >= 8) std::memcpy(&word, bytes.data() + (bytes.size() - 8), 8);
  return word;
}

std::uint32_t add_ppm(std::uint32_t a, std::int64_t b) {
  return static_cast<std::uint32_t>(std::min<std::int64_t>(1'000'000, a + b));
}

}  // namespace

Network::Network(const Scenario& scenario, base::Rng rng)
    : scenario_(scenario), rng_(rng), choices_(scenario.choices) {}

void Network::begin(std::size_t index) {
  const Fault& fault = scenario_.faults.at(index);
  Condition condition{fault.kind, fault.amount, flags(fault.nodes, scenario_.nodes),
                      flags(fault.towards, scenario_.nodes),
                      base::Instant() + std::min(fault.at + fault.lasts, scenario_.chaos_ends)};
  if (fault.towards.empty()) {
    for (NodeIndex node = 0; node < scenario_.nodes; ++node) {
      // A cut one way separates from the others; noise also lies between the named ones.
      condition.towards[node] = fault.kind != FaultKind::one_way || !condition.from[node];
    }
  }
  active_.insert_or_assign(index, std::move(condition));
}

void Network::end(std::size_t fault) {
  active_.erase(fault);
}

bool Network::cuts(const Condition& condition, NodeIndex from, NodeIndex to) {
  if (condition.kind == FaultKind::partition) return condition.from[from] != condition.from[to];
  if (condition.kind == FaultKind::islands) return condition.from[from] || condition.from[to];
  if (condition.kind == FaultKind::one_way) return condition.from[from] && condition.towards[to];
  return false;
}

LinkQuality Network::quality(NodeIndex from, NodeIndex to) const {
  LinkQuality quality{.latency_min = scenario_.latency_min,
                      .latency_max = scenario_.latency_max,
                      .loss = scenario_.loss,
                      .duplicate = scenario_.duplicate,
                      .heavy_tail = scenario_.heavy_tail};
  if (from == to) return {};
  for (const auto& [index, condition] : active_) {
    if (cuts(condition, from, to)) quality.cut = true;
    if (!condition.from[from] || !condition.towards[to]) continue;
    if (condition.kind == FaultKind::loss) quality.loss = add_ppm(quality.loss, condition.amount);
    if (condition.kind == FaultKind::clog) quality.clogged = true;
    if (condition.kind == FaultKind::bit_rot) {
      quality.bit_rot = add_ppm(quality.bit_rot, condition.amount);
    }
    if (condition.kind == FaultKind::duplicate) {
      quality.duplicate = add_ppm(quality.duplicate, condition.amount);
    }
    if (condition.kind == FaultKind::latency) {
      quality.latency_max += std::chrono::milliseconds(condition.amount);
    }
  }
  return quality;
}

base::Duration Network::queued(NodeIndex from, NodeIndex to, base::Instant now) const {
  const auto free = free_at_.find({from, to});
  return free == free_at_.end() ? base::Duration{} : std::max(base::Duration{}, free->second - now);
}

// The narrowest throttle counts. What still waits when it ends goes at once.
void Network::enqueue(NodeIndex from, NodeIndex to, std::size_t bytes, base::Instant now) {
  const Condition* narrowest = nullptr;
  for (const auto& [index, condition] : active_) {
    if (condition.kind != FaultKind::throttle) continue;
    if (!condition.from[from] || !condition.towards[to]) continue;
    if (narrowest == nullptr || condition.amount < narrowest->amount) narrowest = &condition;
  }
  if (narrowest == nullptr) {
    free_at_.erase({from, to});
    return;
  }
  const base::Duration each = std::chrono::seconds(1);
  const base::Instant start = now + queued(from, to, now);
  const base::Instant free = start + each * static_cast<std::int64_t>(bytes) / narrowest->amount;
  free_at_[{from, to}] = std::min(free, std::max(now, narrowest->until));
}

Fate Network::datagram(NodeIndex from, NodeIndex to, base::ByteView bytes, base::Instant now) {
  const std::uint64_t link = (std::uint64_t{from} << 32) | to;
  const std::uint64_t moment = static_cast<std::uint64_t>(now.nanoseconds()) ^ tail_word(bytes);
  Fate fate = draw_fate(quality(from, to), rng_.fork("link", link).fork("datagram", moment));
  if (fate.copies == 0) return fate;
  if (queued(from, to, now) > datagram_queue_max) return {};
  enqueue(from, to, bytes.size(), now);
  for (base::Duration& delay : fate.delays) delay += queued(from, to, now);
  return fate;
}

std::optional<base::Instant> Network::stream(NodeIndex from, NodeIndex to, std::size_t bytes,
                                             base::Instant now) {
  if (!connected(from, to)) return std::nullopt;
  base::Instant& last = last_arrival_[{from, to}];
  if (chooses(now)) {
    // Mostly soon, so that views make progress; late enough to miss a timer.
    const std::uint8_t choice = next_choice();
    last = std::max(
        last, now + std::chrono::milliseconds(choice < 160 ? 1 + choice % 8 : (choice - 159) * 12));
    return last;
  }
  const std::uint64_t link = (std::uint64_t{from} << 32) | to;
  const base::Rng rng =
      rng_.fork("link", link).fork("stream", static_cast<std::uint64_t>(now.nanoseconds()));
  enqueue(from, to, bytes, now);
  last = std::max(last, now + queued(from, to, now) + draw_stream_delay(quality(from, to), rng));
  return last;
}

bool Network::connected(NodeIndex a, NodeIndex b) const {
  if (active_.empty()) return true;
  return !quality(a, b).cut && !quality(b, a).cut;
}

void Network::link_up(NodeIndex a, NodeIndex b) {
  if (a != b) links_.insert(unordered(a, b));
}

bool Network::link_down(NodeIndex a, NodeIndex b) {
  last_arrival_.erase({a, b});
  last_arrival_.erase({b, a});
  return links_.erase(unordered(a, b)) > 0;
}

std::vector<NodeIndex> Network::linked_with(NodeIndex node) const {
  std::vector<NodeIndex> result;
  for (const auto& [a, b] : links_) {
    if (a == node) result.push_back(b);
    if (b == node) result.push_back(a);
  }
  return result;
}

}  // namespace sim
