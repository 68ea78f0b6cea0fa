#include "sim/agreement/byzantine/proposers.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace sim::agreement {

using consensus::BlockHeader;
using consensus::BlockPtr;
using consensus::Proposal;
using consensus::VoteKind;

namespace {

// The same proposal with another block, signed anew.
std::optional<Proposal> with_block(Villain& villain, const Proposal& proposal, BlockPtr block) {
  const auto vote = villain.vote(VoteKind::notarize, block->header().view, block->hash());
  if (!vote) return std::nullopt;
  return Proposal{.block = std::move(block),
                  .justification = proposal.justification,
                  .leader_signature = vote->signature};
}

bool replace(Villain& villain, Alternatives& alternatives, consensus::Message& message) {
  if (!std::holds_alternative<Proposal>(message)) return true;
  if (const Proposal* other = alternatives.for_peer(villain)) message = *other;
  return true;
}

}  // namespace

const Proposal* Alternatives::for_peer(Villain& villain) {
  if (proposals_.empty()) return nullptr;
  return &villain.rng().pick(proposals_);
}

void Equivocator::on_broadcast(Villain& villain, const consensus::Message& message) {
  const auto* proposal = std::get_if<Proposal>(&message);
  if (proposal == nullptr) return;
  alternatives_.clear();
  alternatives_.add(*proposal);
  const std::int64_t others = villain.rng().between(1, 2);
  for (std::int64_t i = 1; i <= others; ++i) {
    BlockHeader header = proposal->block->header();
    header.timestamp_ms += static_cast<std::uint64_t>(i);
    if (auto other =
            with_block(villain, *proposal, consensus::make_block(header, proposal->block->ops()))) {
      alternatives_.add(std::move(*other));
    }
  }
}
bool Equivocator::on_send(Villain& villain, std::uint32_t, consensus::Message& message) {
  return replace(villain, alternatives_, message);
}

void BadAncestry::remember(const BlockPtr& block) {
  blocks_.push_back(block);
  if (blocks_.size() > 16) blocks_.pop_front();
}
void BadAncestry::on_receive(Villain&, std::uint32_t, const consensus::Message& message) {
  if (const auto* proposal = std::get_if<Proposal>(&message)) remember(proposal->block);
}
void BadAncestry::on_broadcast(Villain& villain, const consensus::Message& message) {
  const auto* proposal = std::get_if<Proposal>(&message);
  if (proposal == nullptr) return;
  alternatives_.clear();
  for (const BlockPtr& old : blocks_) {
    const BlockHeader& parent = old->header();
    BlockHeader header = proposal->block->header();
    if (parent.epoch_id != header.epoch_id || parent.view >= header.view) continue;
    if (!parent.next_epoch.is_zero()) continue;
    if (old->hash() == header.parent_hash && villain.rng().chance(700'000)) continue;
    header.flags = 0;
    header.next_epoch = {};
    header.parent_view = parent.view;
    header.parent_hash = old->hash();
    header.height = parent.height + 1;
    header.state_root = parent.state_root;
    header.timestamp_ms = std::max(header.timestamp_ms, parent.timestamp_ms + 1);
    if (auto other = with_block(villain, *proposal, consensus::make_block(header, {}))) {
      alternatives_.add(std::move(*other));
    }
  }
  if (villain.rng().chance(300'000)) alternatives_.add(*proposal);
  remember(proposal->block);
}
bool BadAncestry::on_send(Villain& villain, std::uint32_t, consensus::Message& message) {
  return replace(villain, alternatives_, message);
}

void Hider::remember(const BlockPtr& block) {
  if (known_.size() >= known_max) known_.clear();
  known_[block->hash()] = block->header();
}
void Hider::on_receive(Villain& villain, std::uint32_t, const consensus::Message& message) {
  const auto* vote = std::get_if<consensus::Vote>(&message);
  if (const auto* proposal = std::get_if<Proposal>(&message)) {
    remember(proposal->block);
    for (const auto& one : proposal->justification) on_receive(villain, 0, one);
  } else if (const auto* seen = std::get_if<consensus::Certificate>(&message)) {
    if (notarizations_.size() >= known_max) notarizations_.clear();
    if (seen->kind == VoteKind::notarize) notarizations_[seen->block] = *seen;
  } else if (vote && older_ && vote->block == older_->block->hash()) {
    // What goes its way it finalizes before everybody.
    const auto own = villain.vote(VoteKind::finalize, vote->view, vote->block);
    for (std::uint32_t to = 0; own && to < villain.identities(); ++to) villain.send(to, *own);
  }
}
void Hider::on_broadcast(Villain& villain, const consensus::Message& message) {
  const auto* proposal = std::get_if<Proposal>(&message);
  if (proposal == nullptr) return;
  older_.reset();
  for (const auto& one : proposal->justification) on_receive(villain, 0, one);
  remember(proposal->block);
  BlockHeader header = proposal->block->header();
  const auto parent = known_.find(header.parent_hash);
  if (parent == known_.end() || !parent->second.next_epoch.is_zero()) return;
  const auto before = known_.find(parent->second.parent_hash);
  if (before == known_.end() || !before->second.next_epoch.is_zero()) return;
  header.flags = 0;
  header.next_epoch = {};
  header.parent_view = parent->second.parent_view;
  header.parent_hash = parent->second.parent_hash;
  header.height = parent->second.height;
  header.state_root = before->second.state_root;
  older_ = with_block(villain, *proposal, consensus::make_block(header, {}));
  if (!older_) return;
  if (const auto own = notarizations_.find(header.parent_hash); own != notarizations_.end()) {
    older_->justification.push_back(own->second);
  }
}
bool Hider::on_send(Villain& villain, std::uint32_t to, consensus::Message& message) {
  const auto* vote = std::get_if<consensus::Vote>(&message);
  if (vote != nullptr && vote->kind == VoteKind::finalize) {
    confidant_ = static_cast<std::uint32_t>(vote->view % villain.identities());
    return to == confidant_;
  }
  const auto* certificate = std::get_if<consensus::Certificate>(&message);
  if (certificate != nullptr && certificate->kind == VoteKind::finalize) return to == confidant_;
  if (older_ && std::holds_alternative<Proposal>(message)) message = *older_;
  return true;
}

void InvalidBlock::on_broadcast(Villain& villain, const consensus::Message& message) {
  const auto* proposal = std::get_if<Proposal>(&message);
  if (proposal == nullptr) return;
  alternatives_.clear();
  BlockHeader header = proposal->block->header();
  std::vector<base::Bytes> ops = proposal->block->ops();
  old_ops_.insert(old_ops_.end(), ops.begin(), ops.end());
  switch (villain.rng().below(8)) {
    case 0:
      header.state_root.bytes[0] ^= std::byte{1};
      break;
    case 1:
      header.height += 1;
      break;
    case 2:
      header.timestamp_ms += 3'600'000;  // wait for it, or let the view go
      break;
    case 3:
      header.timestamp_ms = 1;
      break;
    case 4:
      header.flags ^= BlockHeader::flag_tail;
      break;
    case 5:
      header.flags ^= BlockHeader::flag_seal;
      break;
    case 6:
      if (!old_ops_.empty()) ops.push_back(old_ops_.front());
      break;
    default:
      header.proposer = static_cast<consensus::SignerIndex>(header.proposer + 1);
      break;
  }
  if (auto other = with_block(villain, *proposal, consensus::make_block(header, std::move(ops)))) {
    alternatives_.add(std::move(*other));
  }
}
bool InvalidBlock::on_send(Villain& villain, std::uint32_t, consensus::Message& message) {
  return replace(villain, alternatives_, message);
}

void Censor::on_receive(Villain&, std::uint32_t, const consensus::Message& message) {
  const auto* proposal = std::get_if<Proposal>(&message);
  if (proposal == nullptr) return;
  if (state_roots_.size() > 64) state_roots_.clear();
  state_roots_[proposal->block->hash()] = proposal->block->header().state_root;
}
void Censor::on_broadcast(Villain& villain, const consensus::Message& message) {
  const auto* proposal = std::get_if<Proposal>(&message);
  if (proposal == nullptr) return;
  on_receive(villain, villain.identity(), message);
  alternatives_.clear();
  BlockHeader header = proposal->block->header();
  const auto parent = state_roots_.find(header.parent_hash);
  if (parent == state_roots_.end() || header.ops_count == 0) return;
  header.state_root = parent->second;
  header.flags = 0;
  header.next_epoch = {};
  if (auto other = with_block(villain, *proposal, consensus::make_block(header, {}))) {
    state_roots_[other->block->hash()] = header.state_root;
    alternatives_.add(std::move(*other));
  }
}
bool Censor::on_send(Villain& villain, std::uint32_t, consensus::Message& message) {
  return replace(villain, alternatives_, message);
}

}  // namespace sim::agreement
