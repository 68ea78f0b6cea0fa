#include "sim/agreement/pace.h"

#include "base/match.h"

#include <algorithm>

namespace sim::agreement {

namespace {

constexpr base::Duration heartbeat = std::chrono::seconds(29);  // a fast clock's thirty
constexpr std::size_t vote_bytes = 130;

std::size_t size_of(const consensus::Certificate& certificate) {
  return 64 + 64 * certificate.signatures.size();
}
std::size_t size_of(const consensus::BlockPtr& block) {
  return 240 + (block ? block->header().ops_bytes + 8 * block->ops().size() : 0);
}
template <class Items>
std::size_t size_of_all(const Items& items) {
  std::size_t sum = 16;
  for (const auto& item : items) sum += size_of(item);
  return sum;
}

}  // namespace

std::size_t size_of(const consensus::Message& message) {
  return base::match(
      message, [](const consensus::Certificate& one) { return size_of(one); },
      [](const consensus::Proposal& proposal) {
        return size_of(proposal.block) + size_of_all(proposal.justification) + 64;
      },
      [](const consensus::Status& status) {
        const std::size_t votes = vote_bytes * status.your_last_votes.size();
        return 128 + votes + (status.entry ? size_of(*status.entry) : 0);
      },
      [](const consensus::Blocks& blocks) { return size_of_all(blocks.blocks); },
      [](const consensus::Range& range) {
        return size_of_all(range.blocks) + 240 * range.tail.size() + size_of(range.finalization);
      },
      [](const consensus::Certificates& answer) { return size_of_all(answer.certificates); },
      [](const consensus::EpochProofs& proofs) {
        std::size_t sum = 16;
        for (const auto& proof : proofs.proofs) {
          sum += 512 + 64 * proof.descriptor.committee.size() + 240 * proof.tail.size() +
                 size_of(proof.finalization);
        }
        return sum;
      },
      [](const consensus::OpGossip& gossip) {
        std::size_t sum = 16;
        for (const base::Bytes& op : gossip.ops) sum += 8 + op.size();
        return sum;
      },
      [](const auto&) { return vote_bytes; });
}

void Pace::set_steady(bool steady, std::uint64_t wall_ms) {
  if (steady == steady_) return;
  steady_ = steady;
  steady_since_ms_ = wall_ms;
  last_.reset();
  heads_.clear();
}

void Pace::set_idle(bool idle, base::Duration now) {
  if (!idle) {
    idle_since_.reset();
  } else if (!idle_since_) {
    idle_since_ = now;
  }
}

// L3. Only between two blocks that were proposed in calm: views that chaos left behind do not
// count.
void Pace::on_decided(const consensus::BlockHeader& header, std::size_t faults) {
  constexpr std::uint64_t clocks_differ_ms = 2'000;
  if (!steady_ || header.timestamp_ms < steady_since_ms_ + clocks_differ_ms) return;
  if (last_ && last_->epoch_id == header.epoch_id && header.view > last_->view + faults + 1) {
    oracle_.violate("L3 views per decision", "a decision in view " + std::to_string(header.view) +
                                                 ", the one before in " +
                                                 std::to_string(last_->view));
  }
  last_ = header;
}

Pace::Sent& Pace::in_second(NodeNumber node, base::Duration now) {
  Sent& sent = sent_[node];
  const std::int64_t second = now / std::chrono::seconds(1);
  if (sent.second != second) sent = {.second = second};
  return sent;
}

void Pace::on_finalized(NodeNumber node, base::Duration now) {
  if (idle_since_ && heartbeat_due(now)) idle_since_ = now;
  finalized_at_[node] = now;
  in_second(node, now).finalized = true;
}

void Pace::on_stopped(NodeNumber node) {
  finalized_at_.erase(node);
  sent_.erase(node);
}

// By somebody's clock it is time for a sign of life.
bool Pace::heartbeat_due(base::Duration now) const {
  return std::any_of(finalized_at_.begin(), finalized_at_.end(),
                     [&](const auto& one) { return now > one.second + heartbeat; });
}

// L4 and L7.
void Pace::on_sent(NodeNumber node, const consensus::Message& message, std::size_t members,
                   base::Duration now) {
  Sent& sent = in_second(node, now);
  sent.bytes += size_of(message);
  // To members, and to those who follow.
  if (!sent.finalized && sent.bytes > bytes_max_ * (members + 3)) {
    oracle_.violate("L7 egress", "node " + std::to_string(node) + " sent " +
                                     std::to_string(sent.bytes) + " bytes in a second");
  }
  if (!idle_since_ || now <= *idle_since_ + quiet_after) return;
  if (std::holds_alternative<consensus::Status>(message)) return;
  if (heartbeat_due(now)) return;
  oracle_.violate("L4 quiet", "node " + std::to_string(node) + " sends message kind " +
                                  std::to_string(message.index()) + " although nothing is pending");
}

// L5.
void Pace::on_heights(const std::map<NodeNumber, consensus::Height>& heights, std::size_t faults,
                      base::Duration now) {
  if (!steady_ || heights.empty()) return;
  consensus::Height head = 0;
  for (const auto& [node, height] : heights) head = std::max(head, height);
  heads_.emplace_back(now, head);
  while (heads_.size() > 1 && heads_[1].first + catch_up(faults) <= now) heads_.pop_front();
  if (heads_.front().first + catch_up(faults) > now) return;
  for (const auto& [node, height] : heights) {
    if (height >= heads_.front().second) continue;
    oracle_.violate("L5 catching up", "node " + std::to_string(node) + " stands at height " +
                                          std::to_string(height) + ", others at " +
                                          std::to_string(heads_.front().second) +
                                          " for longer than it takes");
  }
}

}  // namespace sim::agreement
