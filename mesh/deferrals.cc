#include "mesh/deferrals.h"

#include "base/check.h"

#include <algorithm>
#include <utility>

namespace mesh {

std::string_view to_string(Deferrals::State state) {
  switch (state) {
    case Deferrals::State::storing:
      return "storing";
    case Deferrals::State::waiting:
      return "waiting";
    case Deferrals::State::under_way:
      return "under_way";
    case Deferrals::State::delivered:
      return "delivered";
  }
  CHECK(false);
  return {};
}

const Deferrals::Entry* Deferrals::find(std::string_view id) const {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : &found->second;
}

void Deferrals::arm(Lines::iterator at) {
  Line& line = at->second;
  const bool has_turn = !line.waiting.empty() && line.under_way < line.width;
  const base::Instant next = has_turn ? line.next_try : base::Instant::never();
  if (next == line.armed) return;
  turns_.erase({line.armed, at->first});
  line.armed = next;
  if (has_turn) turns_.emplace(next, at->first);
}

void Deferrals::enter(Entry entry) {
  const CallId id = entry.id;
  bytes_ += entry.bytes;
  ends_.emplace(entry.until, id);
  if (!entry.key.empty()) by_key_.emplace(std::pair(entry.capability, entry.key), id);
  if (entry.state != State::delivered) {
    ++waiting_;
    ++lines_[entry.capability].calls;
  }
  const auto [at, added] = entries_.emplace(id, std::move(entry));
  CHECK(added);
}

// It no longer waits, is stored or is under way.
void Deferrals::leave_line(const Entry& entry) {
  const auto found = lines_.find(entry.capability);
  CHECK(found != lines_.end());
  Line& line = found->second;
  if (entry.state == State::under_way) {
    --line.under_way;
    --under_way_;
  }
  if (entry.state == State::waiting) std::erase(line.waiting, entry.id);
  --waiting_;
  --line.calls;
  arm(found);
  if (line.calls == 0) lines_.erase(found);
}

void Deferrals::forget(const CallId& gone) {
  const auto at = entries_.find(gone.view());
  CHECK(at != entries_.end());
  const Entry& entry = at->second;
  if (entry.state != State::delivered) leave_line(entry);
  bytes_ -= entry.bytes;
  ends_.erase({entry.until, entry.id});
  if (!entry.key.empty()) by_key_.erase({entry.capability, entry.key});
  entries_.erase(at);
}

Deferrals::Admission Deferrals::admit(const CallId& id, std::string_view capability,
                                      std::string_view key, const Deferral& policy,
                                      base::Instant now) {
  if (!key.empty()) {
    const auto same = by_key_.find({std::string(capability), std::string(key)});
    if (same != by_key_.end()) {
      // Whether that one finds its way to the disk is not known yet.
      if (entries_.at(same->second).state == State::storing) return Full{};
      return same->second;
    }
  }
  const auto line = lines_.find(capability);
  const std::uint32_t waiting = line == lines_.end() ? 0 : line->second.calls;
  const bool room = waiting < policy.calls_max && entries_.size() < calls_max &&
                    bytes_ + request_bytes_max <= bytes_max && !entries_.contains(id.view());
  if (!room) return Full{};
  enter({.id = id,
         .capability = std::string(capability),
         .key = std::string(key),
         .bytes = request_bytes_max,
         .since = now,
         .until = now + policy.age_max,
         .problem = {}});
  return Reserved{};
}

void Deferrals::on_kept(const CallId& id, std::optional<std::uint64_t> bytes, base::Instant now) {
  const auto found = entries_.find(id.view());
  if (found == entries_.end() || found->second.state != State::storing) return;
  if (!bytes) {
    forget(id);
    ++counters_.refused;
    return;
  }
  Entry& entry = found->second;
  bytes_ = bytes_ - entry.bytes + *bytes;
  entry.bytes = *bytes;
  entry.state = State::waiting;
  ++counters_.kept;
  const auto at = lines_.find(entry.capability);
  Line& line = at->second;
  // It was tried only a moment ago.
  if (line.waiting.empty()) line.next_try = std::max(line.next_try, now + wait_min);
  line.waiting.push_back(id);
  arm(at);
}

void Deferrals::restore(const Kept& kept, base::Instant now) {
  if (entries_.contains(kept.id.view()) || entries_.size() >= calls_max) return;
  Entry entry{.id = kept.id,
              .capability = kept.capability,
              .key = kept.key,
              .bytes = kept.status != 0 ? 0 : kept.bytes,
              .since = now - kept.age,
              .until = now + std::max(kept.left, base::Duration::zero()),
              .state = kept.status != 0 ? State::delivered : State::waiting,
              .problem = {},
              .status = kept.status};
  enter(std::move(entry));
  if (kept.status != 0) {
    delivered_.push_back(kept.id);
    return;
  }
  const auto line = lines_.find(kept.capability);
  line->second.waiting.push_back(kept.id);
  arm(line);
}

std::vector<CallId> Deferrals::on_delivered(const CallId& id, int status, base::Instant now) {
  const auto found = entries_.find(id.view());
  if (found == entries_.end() || found->second.state != State::under_way) return {};
  Entry& entry = found->second;
  Line& line = lines_.find(entry.capability)->second;
  line.failures = 0;
  line.next_try = now;
  line.width = std::min(2 * line.width, under_way_max);
  leave_line(entry);
  bytes_ -= std::exchange(entry.bytes, 0);  // its answer takes the place of its request
  entry.state = State::delivered;
  entry.status = status;
  entry.problem.clear();
  ++entry.tries;
  ++counters_.delivered;
  return keep_answer(id);
}

std::vector<CallId> Deferrals::keep_answer(const CallId& id) {
  delivered_.push_back(id);
  std::vector<CallId> oldest;
  while (delivered_.size() > answers_max) {
    const CallId gone = delivered_.front();
    delivered_.pop_front();
    if (!entries_.contains(gone.view())) continue;
    forget(gone);
    oldest.push_back(gone);
  }
  return oldest;
}

void Deferrals::on_undelivered(const CallId& id, std::string problem, base::Instant now) {
  const auto found = entries_.find(id.view());
  if (found == entries_.end() || found->second.state != State::under_way) return;
  Entry& entry = found->second;
  entry.state = State::waiting;
  entry.problem = std::move(problem);
  ++entry.tries;
  const auto at = lines_.find(entry.capability);
  Line& line = at->second;
  --line.under_way;
  --under_way_;
  line.waiting.push_back(id);
  line.width = 1;
  const base::Duration wait =
      std::min(wait_min * (std::int64_t{1} << std::min(line.failures, 16U)), wait_max);
  ++line.failures;
  const base::Duration least = wait / 2;
  line.next_try = now + least + base::Duration(rng_.between(0, (wait - least).count()));
  arm(at);
}

bool Deferrals::drop(const CallId& id) {
  const Entry* entry = find(id);
  if (entry == nullptr) return false;
  if (entry->state != State::delivered) ++counters_.dropped;
  forget(id);
  return true;
}

void Deferrals::on_hope(std::string_view capability, base::Instant now) {
  const auto found = lines_.find(capability);
  if (found == lines_.end()) return;
  found->second.next_try = std::min(found->second.next_try, now);
  found->second.failures = 0;
  arm(found);
}

Deferrals::Due Deferrals::on_time(base::Instant now) {
  Due due;
  while (!ends_.empty() && ends_.begin()->first <= now) {
    Entry& entry = entries_.find(ends_.begin()->second)->second;
    if (entry.state == State::under_way || entry.state == State::storing) {
      // Its fate is being decided right now; then it is looked at again.
      ends_.erase(ends_.begin());
      entry.until = now + wait_min;
      ends_.emplace(entry.until, entry.id);
      continue;
    }
    due.dropped.push_back(entry);
    static_cast<void>(drop(due.dropped.back().id));
  }
  while (!turns_.empty() && turns_.begin()->first <= now && under_way_ < under_way_total_max) {
    const auto at = lines_.find(turns_.begin()->second);
    Line& line = at->second;
    while (!line.waiting.empty() && line.under_way < line.width) {
      const CallId id = line.waiting.front();
      line.waiting.pop_front();
      ++line.under_way;
      ++under_way_;
      entries_.find(id.view())->second.state = State::under_way;
      due.deliver.push_back(id);
    }
    arm(at);
  }
  return due;
}

base::Instant Deferrals::next_deadline() const {
  base::Instant next = ends_.empty() ? base::Instant::never() : ends_.begin()->first;
  if (!turns_.empty() && under_way_ < under_way_total_max) {
    next = std::min(next, turns_.begin()->first);
  }
  return next;
}

}  // namespace mesh
