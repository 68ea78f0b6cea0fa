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

}  // namespace

bool Allowance::take(std::uint32_t per_second, std::uint32_t burst, base::Instant now) {
  const double elapsed = std::chrono::duration<double>(now - filled_).count();
  tokens_ = std::min<double>(burst, tokens_ + elapsed * per_second);
  filled_ = now;
  if (tokens_ < 1.0) return false;
  tokens_ -= 1.0;
  return true;
}

bool Admission::allow(const Record& record, const base::NodeId& introducer, base::Instant now) {
  if (candidates_.contains(record.subject)) return true;
  const std::uint32_t burst = options_.new_per_introducer_burst;
  if (!introducers_.use(introducer).take(options_.new_per_introducer_per_second, burst, now)) {
    return false;
  }
  const base::Endpoint& at = record.endpoint;
  Prefix prefix{};
  std::copy_n(at.ip.begin(), at.is_v4() ? 15 : 6, prefix.begin());
  const std::uint32_t prefix_burst =
      is_private(at) ? options_.new_per_private_prefix_burst : options_.new_per_prefix_burst;
  return prefixes_.use(prefix).take(options_.new_per_prefix_per_second, prefix_burst, now);
}

bool Admission::wait(const crypto::Verified<SignedRecord>& record, const base::NodeId& introducer,
                     base::Instant now) {
  const auto found = candidates_.find(record->record.subject);
  if (found != candidates_.end()) {
    if (found->second.introducer != introducer) {
      candidates_.erase(found);
      return true;
    }
    if (found->second.record->record.version < record->record.version) {
      found->second.record = record;
    }
    return false;
  }
  if (candidates_.size() >= options_.members_max) return false;
  candidates_.emplace(
      record->record.subject,
      Candidate{.record = record,
                .introducer = introducer,
                .expires = now + (introducer == self_ ? options_.forget_after
                                                      : options_.candidate_lifetime),
                .called = {},
                .calls = 0});
  // Others may name it in a moment, which is cheaper than a ping.
  next_ = std::min(next_, now + calls_gap * 3);
  return false;
}

std::optional<crypto::Verified<SignedRecord>> Admission::reached(const base::NodeId& id) {
  const auto found = candidates_.find(id);
  if (found == candidates_.end()) return std::nullopt;
  crypto::Verified<SignedRecord> record = found->second.record;
  candidates_.erase(found);
  return record;
}

std::vector<Admission::Call> Admission::due(base::Instant now) {
  std::vector<Call> calls;
  if (now < next_) return calls;
  for (auto next = candidates_.begin(); next != candidates_.end();) {
    const auto at = next++;
    Candidate& candidate = at->second;
    if (now >= candidate.expires) {
      candidates_.erase(at);
      continue;
    }
    if (calls.size() >= calls_at_once) continue;
    const base::Duration gap =
        std::min(options_.knock_max, call_again_after * (1 << std::min(candidate.calls, 5U)) / 2);
    if (candidate.calls > 0 && now - candidate.called < gap) continue;
    ++candidate.calls;
    candidate.called = now;
    calls.push_back({at->first, candidate.record->record.endpoint});
  }
  next_ = candidates_.empty() ? base::Instant::never() : now + calls_gap;
  return calls;
}

std::optional<base::Endpoint> Admission::where(const base::NodeId& id) const {
  const auto found = candidates_.find(id);
  if (found == candidates_.end()) return std::nullopt;
  return found->second.record->record.endpoint;
}

std::vector<base::NodeId> Admission::candidates() const {
  std::vector<base::NodeId> ids;
  for (const auto& [id, candidate] : candidates_) ids.push_back(id);
  return ids;
}

}  // namespace gossip
