#include "mesh/exchange.h"

#include "base/check.h"
#include "base/match.h"

namespace mesh {

std::string_view to_string(const Phase& phase) {
  return base::match(
      phase, [](const Arrived&) -> std::string_view { return "arrived"; },
      [](const Waiting&) -> std::string_view { return "waiting"; },
      [](const Attempting&) -> std::string_view { return "attempting"; },
      [](const Answering&) -> std::string_view { return "answering"; });
}

std::uint32_t Exchange::open_attempt() const {
  if (const auto* attempting = std::get_if<Attempting>(&phase)) return attempting->attempt;
  if (const auto* answering = std::get_if<Answering>(&phase)) return answering->attempt;
  return 0;
}

const base::NodeId* Exchange::open_at() const {
  if (const auto* attempting = std::get_if<Attempting>(&phase)) return &attempting->node;
  if (const auto* answering = std::get_if<Answering>(&phase)) return &answering->node;
  return nullptr;
}

Exchange& Exchanges::add(Exchange exchange) {
  const ExchangeId id = exchange.id;
  const auto [at, added] = exchanges_.emplace(id, std::move(exchange));
  CHECK(added);
  const base::Instant deadline = at->second.context.deadline;
  if (deadline != base::Instant::never()) deadlines_.emplace(deadline, id);
  return at->second;
}

Exchange* Exchanges::find(ExchangeId id) {
  const auto found = exchanges_.find(id);
  return found == exchanges_.end() ? nullptr : &found->second;
}

void Exchanges::move_deadline(Exchange& exchange, base::Instant deadline) {
  deadlines_.erase({exchange.context.deadline, exchange.id});
  exchange.context.deadline = deadline;
  if (deadline != base::Instant::never()) deadlines_.emplace(deadline, exchange.id);
}

void Exchanges::remove(ExchangeId id) {
  const auto found = exchanges_.find(id);
  if (found == exchanges_.end()) return;
  deadlines_.erase({found->second.context.deadline, id});
  exchanges_.erase(found);
}

std::vector<ExchangeId> Exchanges::open_at(const base::NodeId& node) const {
  std::vector<ExchangeId> out;
  for (const auto& [id, exchange] : exchanges_) {
    const base::NodeId* at = exchange.open_at();
    if (at != nullptr && *at == node) out.push_back(id);
  }
  return out;
}

base::Instant Exchanges::next_deadline() const {
  return deadlines_.empty() ? base::Instant::never() : deadlines_.begin()->first;
}

Exchange* Exchanges::first_due(base::Instant now) {
  if (deadlines_.empty() || deadlines_.begin()->first > now) return nullptr;
  return find(deadlines_.begin()->second);
}

}  // namespace mesh
