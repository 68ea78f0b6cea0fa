#include "mesh/duplicates.h"

#include "base/check.h"

#include <algorithm>
#include <utility>

namespace mesh {

namespace {

std::string key_of(char kind, const base::NodeId& caller, std::string_view capability,
                   std::string_view word) {
  std::string key;
  key.reserve(34 + capability.size() + word.size());
  key.push_back(kind);
  key.append(base::as_text(caller.view())).append(capability).push_back('\0');
  return key.append(word);
}

}  // namespace

Duplicates::Verdict Duplicates::on_execution(ExchangeId exchange, const Identity& identity,
                                             const Options& options) {
  CHECK(!records_.contains(exchange));
  Record record;
  if (!identity.idempotency_key.empty()) {
    record.keep = true;
    record.keys.push_back(
        key_of('k', identity.caller, identity.capability, identity.idempotency_key));
  }
  if (!identity.call.empty()) {
    record.keys.push_back(key_of('c', identity.caller, identity.capability, identity.call));
  }
  for (const std::string& key : record.keys) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) continue;
    return join(exchange, found->second, options);
  }
  if (record.keys.empty()) return Fresh{};
  for (const std::string& key : record.keys) by_key_.emplace(key, exchange);
  records_.emplace(exchange, std::move(record));
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
  for (const std::string& key : record.keys) by_key_.erase(key);
  records_.erase(found);
}

}  // namespace mesh
