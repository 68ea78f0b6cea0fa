#include "mesh/exchange.h"

#include "base/check.h"

namespace mesh {

std::uint32_t Exchange::open_attempt() const {
  if (const auto* attempting = std::get_if<Attempting>(&phase)) return attempting->attempt;
  if (const auto* answering = std::get_if<Answering>(&phase)) return answering->attempt;
  return 0;
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

base::Instant Exchanges::next_deadline() const {
  return deadlines_.empty() ? base::Instant::never() : deadlines_.begin()->first;
}

Exchange* Exchanges::first_due(base::Instant now) {
  if (deadlines_.empty() || deadlines_.begin()->first > now) return nullptr;
  return find(deadlines_.begin()->second);
}

}  // namespace mesh
