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

Duplicates::Record* Duplicates::find(ExchangeId exchange) {
  const auto place = by_exchange_.find(base::spread(exchange.value), [&](Place candidate) {
    return records_[candidate].exchange == exchange;
  });
  return place ? &records_[*place] : nullptr;
}

Duplicates::Record* Duplicates::find(const Key& key) {
  const auto found = by_key_.find(key.head(), [&](Place candidate) {
    return records_[candidate / 2].keys.at(candidate % 2) == key;
  });
  return found ? &records_[*found / 2] : nullptr;
}

Duplicates::Verdict Duplicates::on_execution(ExchangeId exchange, const Identity& identity,
                                             const Options& options,
                                             std::vector<ExchangeId>& evicted) {
  CHECK(find(exchange) == nullptr);
  std::array<std::optional<Key>, 2> keys;
  if (!identity.idempotency_key.empty()) {
    keys[0] = key_of("k", identity, identity.idempotency_key);
  }
  if (!identity.call.empty()) keys[1] = key_of("c", identity, identity.call);
  if (!keys[0] && !keys[1]) return Fresh{};
  for (const std::optional<Key>& key : keys) {
    Record* const original = key ? find(*key) : nullptr;
    if (original == nullptr) continue;
    if (!identity.again || !original->completed) return join(exchange, *original, options);
    const auto old = static_cast<Place>(original - records_.data());
    std::erase_if(finished_, [&](const Finished& done) { return done.place == old; });
    forget(old, evicted);
  }
  if (free_.empty()) {
    free_.push_back(static_cast<Place>(records_.size()));
    records_.emplace_back();
  }
  const Place place = free_.back();
  free_.pop_back();
  by_exchange_.insert(base::spread(exchange.value), place);
  for (Place i = 0; i < keys.size(); ++i) {
    if (keys.at(i)) by_key_.insert(keys.at(i)->head(), 2 * place + i);
  }
  Record& record = records_[place];
  record.exchange = exchange;
  record.keys = keys;
  record.keep = keys[0].has_value();
  return Fresh{};
}

Duplicates::Verdict Duplicates::join(ExchangeId exchange, Record& record, const Options& options) {
  if (record.completed) {
    if (!record.kept) return NotKept{};
    return Kept{.original = record.exchange, .outcome = record.outcome, .status = record.status};
  }
  if (record.answering && !record.kept) return NotKept{};
  if (record.waiting.size() >= options.waiting_duplicates_max) return Crowded{};
  record.keep = true;
  record.waiting.push_back(exchange);
  return Running{record.exchange};
}

bool Duplicates::on_answer(ExchangeId exchange) {
  Record* const record = find(exchange);
  if (record == nullptr) return false;
  record->answering = true;
  const bool first = record->keep && !record->kept;
  record->kept = record->keep;
  return first;
}

Duplicates::Release Duplicates::on_settled(ExchangeId exchange, bool completed, Outcome outcome,
                                           int status, const Options& options, base::Instant now) {
  Release out;
  Record* const found = find(exchange);
  if (found == nullptr) return out;
  const auto place = static_cast<Place>(found - records_.data());
  Record& record = *found;
  out.waiting = std::exchange(record.waiting, {});
  if (!completed) {
    forget(place, out.evicted);
    return out;
  }
  record.completed = true;
  record.outcome = outcome;
  record.status = status;
  out.kept = record.kept;
  if (record.kept) ++kept_;
  finished_.push_back({.until = now + options.duplicate_window, .place = place});
  while (finished_.size() > options.duplicates_max || kept_ > options.kept_answers_max) {
    forget_oldest(out.evicted);
  }
  return out;
}

void Duplicates::on_waiting_gone(ExchangeId waiting, ExchangeId original) {
  if (Record* const record = find(original)) std::erase(record->waiting, waiting);
}

std::vector<ExchangeId> Duplicates::on_time(base::Instant now) {
  std::vector<ExchangeId> evicted;
  while (!finished_.empty() && finished_.front().until <= now) forget_oldest(evicted);
  if (by_exchange_.size() == 0 && !records_.empty()) *this = {};  // a busy hour needed it
  return evicted;
}

base::Instant Duplicates::next_deadline() const {
  return finished_.empty() ? base::Instant::never() : finished_.front().until;
}

void Duplicates::forget_oldest(std::vector<ExchangeId>& evicted) {
  forget(finished_.front().place, evicted);
  finished_.pop_front();
}

void Duplicates::forget(Place place, std::vector<ExchangeId>& evicted) {
  Record& record = records_[place];
  if (record.kept) evicted.push_back(record.exchange);
  if (record.kept && record.completed) --kept_;
  by_exchange_.erase(base::spread(record.exchange.value), place);
  for (Place i = 0; i < record.keys.size(); ++i) {
    if (record.keys.at(i)) by_key_.erase(record.keys.at(i)->head(), 2 * place + i);
  }
  record = {};
  free_.push_back(place);
}

}  // namespace mesh
