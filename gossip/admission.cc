#include "gossip/admission.h"

#include <algorithm>
#include <chrono>

namespace gossip {

namespace {

constexpr std::size_t calls_at_once = 16;
constexpr base::Duration calls_gap = std::chrono::milliseconds(100);
constexpr base::Duration call_again_after = std::chrono::seconds(2);

bool is_private(const base::Endpoint& endpoint) {
  if (endpoint.is_loopback()) return true;
  const auto& ip = endpoint.ip;
  if (!endpoint.is_v4()) return (ip[0] & 0xfe) == 0xfc || (ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80);
  return ip[12] == 10 || (ip[12] == 172 && (ip[13] & 0xf0) == 16) ||
         (ip[12] == 192 && ip[13] == 168) || (ip[12] == 169 && ip[13] == 254);
}

template <class Table, class Key>
bool has(const Table& table, const Key& key, Rate rate, base::Instant now) {
  const Allowance* allowance = table.find(key);
  return allowance == nullptr || allowance->has(rate, now);
}

}  // namespace

double Allowance::tokens(Rate rate, base::Instant now) const {
  const double elapsed = std::chrono::duration<double>(now - filled_).count();
  return std::min<double>(rate.burst, tokens_ + elapsed * rate.per_second);
}

bool Allowance::take(Rate rate, base::Instant now) {
  tokens_ = tokens(rate, now);
  filled_ = now;
  if (tokens_ < 1.0) return false;
  tokens_ -= 1.0;
  return true;
}

Admission::Prefix Admission::prefix_of(const base::Endpoint& at) {
  Prefix prefix{};
  std::copy_n(at.ip.begin(), at.is_v4() ? 15 : 6, prefix.begin());
  return prefix;
}

bool Admission::may(const base::NodeId& subject, const Source& source, base::Instant now) const {
  const bool near = is_private(source.at);
  if (subject == source.id) {
    // By a datagram nobody enters: it waits for our ping.
    if (!source.linked) return true;
    return has(entering_, prefix_of(source.at),
               near ? options_.new_per_private_prefix : options_.new_per_prefix, now);
  }
  if (source.id == self_) return true;
  return has(introducers_, source.id, options_.named_per_introducer, now) &&
         has(naming_, prefix_of(source.at),
             near ? options_.named_per_private_prefix : options_.named_per_prefix, now);
}

bool Admission::take(const base::NodeId& subject, const Source& source, base::Instant now) {
  const bool near = is_private(source.at);
  if (subject == source.id) {
    return entering_.use(prefix_of(source.at))
        .take(near ? options_.new_per_private_prefix : options_.new_per_prefix, now);
  }
  if (source.id == self_) return true;
  return introducers_.use(source.id).take(options_.named_per_introducer, now) &&
         naming_.use(prefix_of(source.at))
             .take(near ? options_.named_per_private_prefix : options_.named_per_prefix, now);
}

bool Admission::wait(const crypto::Verified<SignedRecord>& record, const base::NodeId& introducer,
                     base::Instant now) {
  const base::NodeId& subject = record->record.subject;
  const bool introduces_itself = introducer == subject;
  const auto found = candidates_.find(subject);
  if (found != candidates_.end()) {
    Candidate& candidate = found->second;
    if (candidate.record->record.version < record->record.version) candidate.record = record;
    // Its own word confirms nothing, and somebody else's is the first.
    if (introduces_itself || candidate.introducer == introducer) return false;
    if (candidate.introducer != subject) {
      candidates_.erase(found);
      return true;
    }
    --introduced_themselves_;
    candidate.introducer = introducer;
    candidate.expires = now + options_.candidate_lifetime;
    return false;
  }
  if (candidates_.size() >= options_.members_max) return false;
  if (introduces_itself && introduced_themselves_ >= options_.introducing_themselves_max) {
    return false;
  }
  if (introduces_itself) ++introduced_themselves_;
  const base::Duration lifetime = introducer == self_ ? options_.forget_after
                                  : introduces_itself ? options_.candidate_lifetime / 3
                                                      : options_.candidate_lifetime;
  candidates_.emplace(subject, Candidate{.record = record,
                                         .introducer = introducer,
                                         .expires = now + lifetime,
                                         .called = {},
                                         .calls = 0,
                                         .sequence = 0});
  // Others may name it in a moment, which is cheaper than a ping.
  next_ = std::min(next_, now + calls_gap * 3);
  return false;
}

void Admission::drop(const base::NodeId& id) {
  const auto found = candidates_.find(id);
  if (found == candidates_.end()) return;
  if (found->second.introducer == id) --introduced_themselves_;
  candidates_.erase(found);
}

std::optional<Admission::Answered> Admission::answered(const base::NodeId& id,
                                                       std::uint32_t sequence) {
  const auto found = candidates_.find(id);
  if (found == candidates_.end()) return std::nullopt;
  const Candidate& candidate = found->second;
  if (candidate.calls == 0 || candidate.sequence != sequence) return std::nullopt;
  Answered out{.record = candidate.record, .introduced_itself = candidate.introducer == id};
  drop(id);
  return out;
}

void Admission::call(const base::NodeId& id, Candidate& candidate, base::Instant now, Due& due) {
  const base::Duration gap =
      std::min(options_.knock_max, call_again_after * (1 << std::min(candidate.calls, 5U)) / 2);
  if (candidate.calls > 0 && now - candidate.called < gap) return;
  ++candidate.calls;
  candidate.called = now;
  candidate.sequence = static_cast<std::uint32_t>(rng_.next());
  const Record& record = candidate.record->record;
  due.calls.push_back({.id = id,
                       .at = record.endpoint,
                       .epoch = record.version.epoch,
                       .sequence = candidate.sequence});
  called_last_ = id;
}

Admission::Due Admission::due(base::Instant now) {
  Due due;
  if (now < next_) return due;
  for (const auto& [id, candidate] : candidates_) {
    if (now >= candidate.expires) due.expired.push_back(id);
  }
  for (const base::NodeId& id : due.expired) drop(id);
  // Round, so that many who do not answer keep nobody from being called.
  auto at = candidates_.upper_bound(called_last_);
  for (std::size_t i = 0; i < candidates_.size() && due.calls.size() < calls_at_once; ++i, ++at) {
    if (at == candidates_.end()) at = candidates_.begin();
    call(at->first, at->second, now, due);
  }
  next_ = candidates_.empty() ? base::Instant::never() : now + calls_gap;
  return due;
}

bool Admission::was_named(const base::NodeId& id) const {
  const auto found = candidates_.find(id);
  return found != candidates_.end() && found->second.introducer != id;
}

std::optional<base::Endpoint> Admission::where(const base::NodeId& id) const {
  const auto found = candidates_.find(id);
  if (found == candidates_.end()) return std::nullopt;
  return found->second.record->record.endpoint;
}

std::vector<base::NodeId> Admission::candidates() const {
  std::vector<base::NodeId> ids;
  for (const auto& [id, candidate] : candidates_) {
    if (candidate.introducer != id) ids.push_back(id);
  }
  return ids;
}

}  // namespace gossip
