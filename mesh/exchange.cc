#include "mesh/exchange.h"

#include "base/check.h"
#include "base/match.h"

#include <algorithm>

namespace mesh {

std::string_view to_string(const Phase& phase) {
  return base::match(
      phase, [](const Arrived&) -> std::string_view { return "arrived"; },
      [](const Waiting&) -> std::string_view { return "waiting"; },
      [](const BackingOff&) -> std::string_view { return "backing_off"; },
      [](const Attempting&) -> std::string_view { return "attempting"; },
      [](const Answering&) -> std::string_view { return "answering"; },
      [](const Deferring&) -> std::string_view { return "deferring"; });
}

OpenAttempt* Exchange::find(std::uint32_t attempt) {
  const auto found = std::ranges::find(open, attempt, &OpenAttempt::number);
  return found == open.end() ? nullptr : &*found;
}

bool Exchange::is_open_at(const base::NodeId& node) const {
  return std::ranges::find(open, node, &OpenAttempt::node) != open.end();
}

base::Instant Exchange::next_event() const {
  base::Instant next = context.deadline;
  if (const auto* backing_off = std::get_if<BackingOff>(&phase)) {
    next = std::min(next, backing_off->until);
  }
  if (!std::holds_alternative<Attempting>(phase)) return next;
  next = std::min(next, hedge_at);
  for (const OpenAttempt& attempt : open) {
    next = std::min({next, attempt.send_at, attempt.give_up, attempt.look_at});
  }
  return next;
}

Exchange& Exchanges::add(Exchange exchange) {
  const ExchangeId id = exchange.id;
  if (const auto* peer = std::get_if<FromPeer>(&exchange.origin)) ++of_peers_[peer->node];
  const auto [at, added] = exchanges_.emplace(id, std::move(exchange));
  CHECK(added);
  arm(at->second);
  return at->second;
}

Exchange* Exchanges::find(ExchangeId id) {
  const auto found = exchanges_.find(id);
  return found == exchanges_.end() ? nullptr : &found->second;
}

void Exchanges::arm(Exchange& exchange) {
  const base::Instant next = exchange.next_event();
  if (next == exchange.armed) return;
  if (exchange.armed != base::Instant::never()) events_.erase({exchange.armed, exchange.id});
  exchange.armed = next;
  if (next != base::Instant::never()) events_.emplace(next, exchange.id);
}

void Exchanges::remove(ExchangeId id) {
  const auto found = exchanges_.find(id);
  if (found == exchanges_.end()) return;
  if (found->second.armed != base::Instant::never()) events_.erase({found->second.armed, id});
  if (const auto* peer = std::get_if<FromPeer>(&found->second.origin)) {
    const auto of_peer = of_peers_.find(peer->node);
    if (--of_peer->second == 0) of_peers_.erase(of_peer);
  }
  exchanges_.erase(found);
}

std::size_t Exchanges::from(const base::NodeId& peer) const {
  const auto found = of_peers_.find(peer);
  return found == of_peers_.end() ? 0 : found->second;
}

std::vector<ExchangeId> Exchanges::open_at(const base::NodeId& node) const {
  std::vector<ExchangeId> out;
  for (const auto& [id, exchange] : exchanges_) {
    if (exchange.is_open_at(node)) out.push_back(id);
  }
  return out;
}

base::Instant Exchanges::next_deadline() const {
  return events_.empty() ? base::Instant::never() : events_.begin()->first;
}

Exchange* Exchanges::first_due(base::Instant now) {
  if (events_.empty() || events_.begin()->first > now) return nullptr;
  return find(events_.begin()->second);
}

}  // namespace mesh
