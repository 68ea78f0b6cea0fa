#include "consensus/mempool.h"

#include "base/check.h"

#include <algorithm>
#include <utility>

namespace consensus {

Mempool::Share Mempool::largest_share() const {
  Share largest;
  for (const auto& [id, author] : authors_) {
    largest.ops = std::max(largest.ops, author.queue.size());
    largest.bytes = std::max(largest.bytes, author.bytes);
  }
  return largest;
}

Admission Mempool::judge(base::ByteView op) const {
  std::optional<OpSummary> summary;
  return judge(op, summary);
}

Admission Mempool::judge(base::ByteView op, std::optional<OpSummary>& summary) const {
  if (op.size() > options_.op_bytes_max) return Admission::too_large;
  if (const auto id = application_.id_of(op); id && ops_.contains(*id)) return Admission::known;
  summary = application_.summarize(op);
  if (!summary) return Admission::malformed;
  if (ops_.contains(summary->id)) return Admission::known;
  if (ops_.size() >= options_.mempool_ops_max || bytes_ + op.size() > options_.mempool_bytes_max) {
    return Admission::full;
  }
  const auto author = authors_.find(summary->author);
  if (author == authors_.end()) return Admission::added;
  if (author->second.queue.size() >= options_.author_ops_max ||
      author->second.bytes + op.size() > options_.author_bytes_max) {
    return Admission::author_full;
  }
  return Admission::added;
}

Admission Mempool::add(base::Bytes op, base::Instant now) {
  std::optional<OpSummary> judged;
  const Admission admission = judge(op, judged);
  if (admission != Admission::added) return admission;
  const OpSummary& summary = *judged;
  ++version_;
  bytes_ += op.size();
  Author& author = authors_[summary.author];
  author.bytes += op.size();
  arrivals_[version_] = summary.id;
  const auto [at, fresh] = ops_.emplace(
      summary.id,
      Pending{.op = std::move(op), .summary = summary, .since = now, .number = version_});
  CHECK(fresh);
  author.queue[{summary.sequence, summary.id}] = &at->second;
  return Admission::added;
}

bool Mempool::holds(base::ByteView op) const {
  const auto id = application_.id_of(op);
  if (!id) return false;
  const auto at = ops_.find(*id);
  return at != ops_.end() &&
         std::equal(op.begin(), op.end(), at->second.op.begin(), at->second.op.end());
}

std::size_t Mempool::size_of(const base::NodeId& author) const {
  const auto at = authors_.find(author);
  return at == authors_.end() ? 0 : at->second.queue.size();
}

void Mempool::remove(const base::Digest& id) {
  const auto at = ops_.find(id);
  if (at == ops_.end()) return;
  const Pending& pending = at->second;
  const auto author = authors_.find(pending.summary.author);
  author->second.queue.erase({pending.summary.sequence, id});
  author->second.bytes -= pending.op.size();
  if (author->second.queue.empty()) authors_.erase(author);
  arrivals_.erase(pending.number);
  bytes_ -= pending.op.size();
  ops_.erase(at);
  ++version_;
}

template <class Take>
void Mempool::in_order(const Take& take) const {
  struct Turn {
    Queue::const_iterator next;
    Queue::const_iterator end;
  };
  std::map<OpClass, std::vector<Turn>> classes;
  for (const auto& [node, author] : authors_) {
    OpClass best = OpClass::application;
    for (const auto& [key, pending] : author.queue) {
      best = std::min(best, pending->summary.op_class);
    }
    classes[best].push_back({.next = author.queue.begin(), .end = author.queue.end()});
  }
  for (auto& [op_class, turns] : classes) {
    for (bool any = true; any;) {
      any = false;
      for (Turn& turn : turns) {
        if (turn.next == turn.end) continue;
        any = true;
        if (!take(*turn.next->second)) return;
        ++turn.next;
      }
    }
  }
}

bool Mempool::eligible(const BlockContext& at, bool committed, base::Instant now) {
  if (ops_.empty()) return false;
  if (answer_ && answer_->parent == at.parent && answer_->version == version_ &&
      now < answer_->until) {
    return answer_->eligible;
  }
  bool found = false;
  std::vector<base::Digest> useless;
  in_order([&](const Pending& pending) {
    found = application_.eligible(at, pending.op);
    if (!found) useless.push_back(pending.summary.id);
    return !found;
  });
  if (committed) {
    for (const base::Digest& id : useless) remove(id);
  }
  answer_ = {
      .parent = at.parent, .version = version_, .until = now + answer_lifetime, .eligible = found};
  return found;
}

std::vector<base::ByteView> Mempool::candidates(const Parameters& parameters) const {
  std::vector<base::ByteView> chosen;
  std::size_t bytes = 0;
  in_order([&](const Pending& pending) {
    if (chosen.size() >= parameters.block_ops_max) return false;
    if (bytes + pending.op.size() > parameters.block_bytes_max) return false;
    bytes += pending.op.size();
    chosen.emplace_back(pending.op);
    return true;
  });
  return chosen;
}

void Mempool::on_decided(const std::vector<base::Bytes>& ops) {
  for (const base::Bytes& op : ops) {
    if (const auto id = application_.id_of(op)) remove(*id);
  }
}

void Mempool::on_time(base::Instant now) {
  while (!arrivals_.empty()) {
    const base::Digest id = arrivals_.begin()->second;
    if (ops_.at(id).since + lifetime > now) return;
    remove(id);
  }
}

std::vector<base::Bytes> Mempool::next_to_gossip(std::size_t max, base::Instant before) {
  std::vector<base::Bytes> ops;
  auto at = arrivals_.upper_bound(gossiped_);
  for (std::size_t seen = 0; seen < arrivals_.size() && ops.size() < max; ++seen, ++at) {
    if (at == arrivals_.end()) at = arrivals_.begin();
    const Pending& pending = ops_.at(at->second);
    if (pending.since > before) continue;
    ops.push_back(pending.op);
    gossiped_ = at->first;
  }
  return ops;
}

}  // namespace consensus
