#include "mesh/duplicates.h"

#include "base/check.h"
#include "crypto/digest.h"

#include <algorithm>
#include <utility>

namespace mesh {

Duplicates::Key Duplicates::key_of(std::string_view kind, const Identity& identity,
                                   std::string_view word) {
  constexpr std::string_view end("\0", 1);  // stands in no capability's name
  return crypto::digest({base::as_bytes(kind), identity.caller.view(),
                         base::as_bytes(identity.capability), base::as_bytes(end),
                         base::as_bytes(word)});
}

Duplicates::Verdict Duplicates::on_execution(ExchangeId exchange, const Identity& identity,
                                             const Options& options) {
  CHECK(!records_.contains(exchange));
  std::array<std::optional<Key>, 2> keys;
  if (!identity.idempotency_key.empty()) {
    keys[0] = key_of("k", identity, identity.idempotency_key);
  }
  if (!identity.call.empty()) keys[1] = key_of("c", identity, identity.call);
  if (!keys[0] && !keys[1]) return Fresh{};
  for (const std::optional<Key>& key : keys) {
    const auto found = key ? by_key_.find(*key) : by_key_.end();
    if (found != by_key_.end()) return join(exchange, found->second, options);
  }
  // Exchanges are numbered upwards: the newest stands last.
  Record& record = records_.try_emplace(records_.end(), exchange)->second;
  record.keep = keys[0].has_value();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i]) record.keys[i] = by_key_.emplace(*keys[i], exchange).first;
  }
  return Fresh{};
}

Duplicates::Verdict Duplicates::join(ExchangeId exchange, ExchangeId original,
                                     const Options& options) {
  Record& record = records_.at(original);
  if (record.completed) {
    if (!record.kept) return NotKept{};
    return Kept{.original = original, .outcome = record.outcome, .status = record.status};
  }
  if (record.answering && !record.kept) return NotKept{};
  if (record.waiting.size() >= options.waiting_duplicates_max) return Crowded{};
  record.keep = true;
  record.waiting.push_back(exchange);
  return Running{original};
}

bool Duplicates::on_answer(ExchangeId exchange) {
  const auto found = records_.find(exchange);
  if (found == records_.end()) return false;
  Record& record = found->second;
  record.answering = true;
  const bool first = record.keep && !record.kept;
  record.kept = record.keep;
  return first;
}

Duplicates::Release Duplicates::on_settled(ExchangeId exchange, bool completed, Outcome outcome,
                                           int status, const Options& options, base::Instant now) {
  Release out;
  const auto found = records_.find(exchange);
  if (found == records_.end()) return out;
  Record& record = found->second;
  out.waiting = std::exchange(record.waiting, {});
  if (!completed) {
    forget(exchange, out.evicted);
    return out;
  }
  record.completed = true;
  record.outcome = outcome;
  record.status = status;
  out.kept = record.kept;
  if (record.kept) ++kept_;
  finished_.push_back({.until = now + options.duplicate_window, .exchange = exchange});
  while (finished_.size() > options.duplicates_max || kept_ > options.kept_answers_max) {
    forget(finished_.front().exchange, out.evicted);
    finished_.pop_front();
  }
  return out;
}

void Duplicates::on_waiting_gone(ExchangeId waiting, ExchangeId original) {
  const auto found = records_.find(original);
  if (found != records_.end()) std::erase(found->second.waiting, waiting);
}

std::vector<ExchangeId> Duplicates::on_time(base::Instant now) {
  std::vector<ExchangeId> evicted;
  while (!finished_.empty() && finished_.front().until <= now) {
    forget(finished_.front().exchange, evicted);
    finished_.pop_front();
  }
  return evicted;
}

base::Instant Duplicates::next_deadline() const {
  return finished_.empty() ? base::Instant::never() : finished_.front().until;
}

void Duplicates::forget(ExchangeId exchange, std::vector<ExchangeId>& evicted) {
  const auto found = records_.find(exchange);
  CHECK(found != records_.end());
  const Record& record = found->second;
  if (record.kept) evicted.push_back(exchange);
  if (record.kept && record.completed) --kept_;
  for (const std::optional<ByKey::iterator>& key : record.keys) {
    if (key) by_key_.erase(*key);
  }
  records_.erase(found);
}

}  // namespace mesh
