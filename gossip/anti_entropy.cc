#include "gossip/anti_entropy.h"

#include "gossip/hash.h"

#include <algorithm>
#include <set>

namespace gossip {

namespace {

template <class Out>
void append(const View& view, const Member& member, Out& out) {
  out.records.push_back(member.record);
  for (const auto& known : view.evidence(member)) {
    if (out.accusations.size() < page_items_max) out.accusations.push_back(*known);
  }
}

std::uint64_t evidence_of(const Member& member) {
  return member.state == MemberState::dead ? 1 : 0;
}

}  // namespace

bool AntiEntropy::on_digest(const base::NodeId& peer, bool equal, bool telling, base::Instant now) {
  if (equal) {
    differs_.erase(peer);
    return false;
  }
  const bool known = differs_.find(peer) != nullptr;
  base::Instant& since = differs_.use(peer);
  if (!known) since = now;
  // While rumors are on their way they are the cheaper cure.
  const base::Duration patience = options_.sync_after * (telling ? 3 : 1);
  if (running_ || now < allowed_ || now - since < patience) return false;
  differs_.erase(peer);
  running_ = true;
  return true;
}

void AntiEntropy::on_finished(bool useful, base::Instant now) {
  running_ = false;
  gap_ = useful ? options_.sync_gap_min : std::min(gap_ * 2, options_.sync_gap_max);
  allowed_ = now + gap_;
}

Summary summarize(const View& view, const BucketDigests& theirs) {
  Summary summary;
  for (std::size_t i = 0; i < bucket_count; ++i) {
    if (view.buckets().at(i) != theirs.at(i)) summary.differing |= 1ULL << i;
  }
  if (summary.differing == 0) return summary;
  for (const auto& [id, member] : view.members()) {
    if ((summary.differing >> View::bucket_of(id) & 1) == 0 || !view.told(member)) continue;
    if (summary.entries.size() >= summary_entries_max) break;
    summary.entries.push_back({.key = leading_word(id.view()),
                               .version = member.record.record.version,
                               .evidence = evidence_of(member)});
  }
  return summary;
}

Exchange difference(const View& view, const Summary& theirs, std::size_t records_max) {
  Exchange exchange;
  std::set<std::uint64_t> named;
  const auto want = [&](std::uint64_t key) {
    if (exchange.wanted.size() < page_items_max) exchange.wanted.push_back(key);
  };
  const auto offer = [&](const Member& member) {
    if (exchange.records.size() < records_max) append(view, member, exchange);
  };
  for (const Entry& entry : theirs.entries) {
    named.insert(entry.key);
    const Member* member = view.find_key(entry.key);
    if (member == nullptr) {
      want(entry.key);
      continue;
    }
    if (member->barred) continue;  // the difference stays until both know who is
    const Version& ours = member->record.record.version;
    const std::uint64_t evidence = evidence_of(*member);
    if (ours < entry.version || (ours == entry.version && evidence < entry.evidence)) {
      want(entry.key);
    } else if (ours > entry.version || evidence > entry.evidence) {
      offer(*member);
    }
  }
  for (const auto& [id, member] : view.members()) {
    if ((theirs.differing >> View::bucket_of(id) & 1) == 0 || !view.told(member)) continue;
    if (!named.contains(leading_word(id.view()))) offer(member);
  }
  return exchange;
}

Items items_of(const View& view, const std::vector<std::uint64_t>& keys, std::size_t records_max) {
  Items items;
  for (const std::uint64_t key : keys) {
    if (items.records.size() >= records_max) break;
    if (const Member* member = view.find_key(key)) append(view, *member, items);
  }
  return items;
}

Welcome page_of(const View& view, const base::NodeId& after, std::size_t records_max) {
  Welcome welcome;
  auto at = after.is_zero() ? view.members().begin() : view.members().upper_bound(after);
  for (; at != view.members().end(); ++at) {
    if (welcome.records.size() >= records_max) {
      welcome.more = true;
      break;
    }
    if (view.told(at->second)) append(view, at->second, welcome);
  }
  return welcome;
}

}  // namespace gossip
