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

Network::Network(const Scenario& scenario, base::Rng rng) : scenario_(scenario), rng_(rng) {}

void Network::begin(std::size_t index) {
  const Fault& fault = scenario_.faults.at(index);
  Condition condition{fault.kind, fault.amount, flags(fault.nodes, scenario_.nodes),
                      flags(fault.towards, scenario_.nodes)};
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
                      .duplicate = scenario_.duplicate};
  if (from == to) return {};
  for (const auto& [index, condition] : active_) {
    if (cuts(condition, from, to)) quality.cut = true;
    if (!condition.from[from] || !condition.towards[to]) continue;
    if (condition.kind == FaultKind::loss) quality.loss = add_ppm(quality.loss, condition.amount);
    if (condition.kind == FaultKind::clog) quality.clogged = true;
    if (condition.kind == FaultKind::duplicate) {
      quality.duplicate = add_ppm(quality.duplicate, condition.amount);
    }
    if (condition.kind == FaultKind::latency) {
      quality.latency_max += std::chrono::milliseconds(condition.amount);
    }
  }
  return quality;
}

Fate Network::datagram(NodeIndex from, NodeIndex to, base::ByteView bytes,
                       base::Instant now) const {
  const std::uint64_t link = (std::uint64_t{from} << 32) | to;
  const std::uint64_t moment = static_cast<std::uint64_t>(now.nanoseconds()) ^ tail_word(bytes);
  return draw_fate(quality(from, to), rng_.fork("link", link).fork("datagram", moment));
}

std::optional<base::Instant> Network::stream(NodeIndex from, NodeIndex to, base::Instant now) {
  if (!connected(from, to)) return std::nullopt;
  const std::uint64_t link = (std::uint64_t{from} << 32) | to;
  const base::Rng rng =
      rng_.fork("link", link).fork("stream", static_cast<std::uint64_t>(now.nanoseconds()));
  base::Instant& last = last_arrival_[{from, to}];
  last = std::max(last, now + draw_stream_delay(quality(from, to), rng));
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
