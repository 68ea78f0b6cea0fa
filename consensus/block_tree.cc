#include "consensus/block_tree.h"

#include "base/check.h"
#include "consensus/statements.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

namespace consensus {

ParentBlock as_parent(const BlockHeader& header, const base::Digest& hash) {
  return {.hash = hash,
          .height = header.height,
          .timestamp_ms = header.timestamp_ms,
          .state_root = header.state_root,
          .epoch_id = header.epoch_id,
          .next_epoch = header.next_epoch};
}

std::optional<std::string> fault_of(const Block& block, const ParentBlock& parent,
                                    const Epoch& epoch) {
  const BlockHeader& header = block.header();
  if (!block.complete()) return "ops are not those of the header";
  if (header.version != epoch.parameters().version) return "version is not the epoch's";
  if (header.epoch_id != epoch.id()) return "of another epoch";
  if (header.view == 0 || header.proposer != epoch.leader(header.view)) {
    return "not by the leader of its view";
  }
  if (header.parent_view >= header.view) return "parent's view is not before its own";
  if (header.parent_hash != parent.hash) return "of another parent";
  if (header.height != parent.height + 1) return "height does not follow";
  if (header.timestamp_ms <= parent.timestamp_ms) return "time does not go on";
  if (header.ops_count > epoch.parameters().block_ops_max) return "too many ops";
  if (header.ops_bytes > epoch.parameters().block_bytes_max) return "too large";
  if (behind_seal(parent, epoch.id())) {  // 3.9
    if (header.flags != BlockHeader::flag_tail) return "behind a seal, but no tail";
    if (header.ops_count != 0) return "a tail with ops";
    if (header.next_epoch != parent.next_epoch) return "a tail that names another committee";
    if (header.state_root != parent.state_root) return "a tail that changes the state";
    return std::nullopt;
  }
  if ((header.flags & ~BlockHeader::flag_seal) != 0) return "flags that do not belong there";
  if (header.seal() == header.next_epoch.is_zero()) return "seal and next epoch do not agree";
  return std::nullopt;
}

BlockTree::BlockTree(Application& application, const Epochs& epochs, const Options& options,
                     ParentBlock root)
    : application_(application), epochs_(epochs), options_(options), root_(root) {}

void BlockTree::add(BlockPtr block) {
  const base::Digest hash = block->hash();
  if (block->header().height <= root_.height) return;
  by_height_.emplace(block->header().height, hash);
  entries_.try_emplace(hash, Entry{.block = std::move(block), .executed = {}, .fault = {}});
}

BlockPtr BlockTree::find(const base::Digest& hash) const {
  if (const auto at = entries_.find(hash); at != entries_.end()) return at->second.block;
  const auto at = std::find_if(recent_.begin(), recent_.end(),
                               [&](const BlockPtr& block) { return block->hash() == hash; });
  return at == recent_.end() ? nullptr : *at;
}

std::optional<ParentBlock> BlockTree::parent(const base::Digest& hash) const {
  if (hash == root_.hash) return root_;
  const auto at = entries_.find(hash);
  if (at == entries_.end() || !at->second.executed) return std::nullopt;
  return as_parent(at->second.block->header(), hash);
}

const Executed* BlockTree::result(const base::Digest& hash) const {
  const auto at = entries_.find(hash);
  if (at == entries_.end() || !at->second.executed) return nullptr;
  return &*at->second.executed;
}

bool BlockTree::executed(const base::Digest& hash) const {
  return hash == root_.hash || result(hash) != nullptr;
}

std::size_t BlockTree::ops_under_way(const base::Digest& hash) const {
  std::size_t ops = 0;
  for (auto at = entries_.find(hash); at != entries_.end();
       at = entries_.find(at->second.block->header().parent_hash)) {
    ops += at->second.block->header().ops_count;
  }
  return ops;
}

void BlockTree::execute(Entry& entry) {
  const BlockHeader& header = entry.block->header();
  const auto above = parent(header.parent_hash);
  CHECK(above.has_value());
  const Epoch* epoch = epochs_.find(header.epoch_id);
  if (epoch == nullptr) {
    entry.fault = "of an epoch that is not known";
    return;
  }
  entry.fault = fault_of(*entry.block, *above, *epoch);
  if (entry.fault) return;
  const BlockContext context{.parent = header.parent_hash,
                             .epoch_id = header.epoch_id,
                             .epoch = epoch->number(),
                             .height = header.height,
                             .timestamp_ms = header.timestamp_ms,
                             .tail = header.tail()};
  auto executed = application_.execute(entry.block->hash(), context, entry.block->ops());
  if (!executed) {
    entry.fault = executed.error().reason;
    return;
  }
  const bool ends = executed->next_epoch.has_value();
  if (executed->state_root != header.state_root) {
    entry.fault = "leads to another state";
  } else if (!header.tail() && ends != header.seal()) {
    entry.fault = "seal and reconfiguration do not agree";
  } else if (!header.tail() && ends &&
             next_epoch_root(*executed->next_epoch) != header.next_epoch) {
    entry.fault = "names another committee than it decides";
  }
  if (entry.fault) {
    application_.discard(entry.block->hash());
    return;
  }
  entry.executed = std::move(*executed);
}

BlockTree::Standing BlockTree::settle(const base::Digest& hash) {
  std::vector<Entry*> path;
  base::Digest at = hash;
  while (!executed(at)) {
    const auto found = entries_.find(at);
    if (found == entries_.end()) {
      return {.kind = Standing::Kind::missing, .missing = at, .fault = {}};
    }
    Entry& entry = found->second;
    if (entry.fault) return {.kind = Standing::Kind::invalid, .missing = {}, .fault = *entry.fault};
    if (entry.block->header().height <= root_.height + 1 &&
        entry.block->header().parent_hash != root_.hash) {
      entry.fault = "does not stand on what was decided";
      return {.kind = Standing::Kind::invalid, .missing = {}, .fault = *entry.fault};
    }
    path.push_back(&entry);
    at = entry.block->header().parent_hash;
  }
  for (auto next = path.rbegin(); next != path.rend(); ++next) {
    execute(**next);
    if (!(*next)->fault) continue;
    const std::string fault = *(*next)->fault;
    for (; next != path.rend(); ++next) (*next)->fault = fault;
    return {.kind = Standing::Kind::invalid, .missing = {}, .fault = fault};
  }
  return {.kind = Standing::Kind::valid, .missing = {}, .fault = {}};
}

bool BlockTree::stands_on(const base::Digest& hash, const base::Digest& ancestor) const {
  base::Digest at = hash;
  while (at != ancestor) {
    const auto found = entries_.find(at);
    if (found == entries_.end()) return false;
    at = found->second.block->header().parent_hash;
  }
  return true;
}

bool BlockTree::is_only_child(const base::Digest& hash) const {
  const auto lowest = by_height_.begin();
  if (lowest == by_height_.end() || lowest->second != hash) return false;
  const auto next = std::next(lowest);
  return next == by_height_.end() || next->first > lowest->first;
}

BlockPtr BlockTree::next_to_commit(const base::Digest& target) const {
  // One chain, as when we are behind: no need to walk down all of it for each of its blocks.
  if (!by_height_.empty() && is_only_child(by_height_.begin()->second) && executed(target) &&
      target != root_.hash) {
    return entries_.at(by_height_.begin()->second).block;
  }
  base::Digest at = target;
  while (true) {
    const auto found = entries_.find(at);
    if (found == entries_.end()) return nullptr;
    if (found->second.block->header().parent_hash == root_.hash) return found->second.block;
    at = found->second.block->header().parent_hash;
  }
}

void BlockTree::drop(const base::Digest& hash) {
  const auto at = entries_.find(hash);
  if (at->second.executed) application_.discard(hash);
  by_height_.erase({at->second.block->header().height, hash});
  entries_.erase(at);
}

void BlockTree::commit(const base::Digest& hash) {
  const auto at = entries_.find(hash);
  CHECK(at != entries_.end());
  CHECK(at->second.executed.has_value());
  const BlockPtr block = at->second.block;
  CHECK(block->header().parent_hash == root_.hash);
  // Deepest first, so that no overlay loses the one that it stands on.
  std::vector<std::pair<Height, base::Digest>> gone;
  if (!is_only_child(hash)) {
    for (const auto& [other, entry] : entries_) {
      const Height height = entry.block->header().height;
      const bool executed_elsewhere = entry.executed && !stands_on(other, hash);
      if (height <= block->header().height || executed_elsewhere) gone.emplace_back(height, other);
    }
  }
  std::sort(gone.begin(), gone.end(), [](const auto& a, const auto& b) { return a > b; });
  for (const auto& [height, other] : gone) {
    if (other != hash) drop(other);
  }
  application_.commit(hash);
  by_height_.erase({block->header().height, hash});
  entries_.erase(hash);
  root_ = as_parent(block->header(), hash);
  recent_.push_back(block);
  if (recent_.size() > options_.recent_blocks_max) recent_.pop_front();
}

void BlockTree::restart(const BlockPtr& block) {
  root_ = as_parent(block->header(), block->hash());
  recent_.clear();
  recent_.push_back(block);
  std::erase_if(entries_, [&](const auto& entry) {
    return entry.second.block->header().height <= root_.height;
  });
  by_height_.clear();
  for (auto& [hash, entry] : entries_) {
    entry.executed.reset();
    entry.fault.reset();
    by_height_.emplace(entry.block->header().height, hash);
  }
}

void BlockTree::prune(const Epoch& epoch, View finalized) {
  std::vector<std::pair<Height, base::Digest>> gone;
  for (const auto& [hash, entry] : entries_) {
    const BlockHeader& header = entry.block->header();
    if (header.epoch_id == epoch.id() && header.view <= finalized) {
      gone.emplace_back(header.height, hash);
    }
  }
  std::sort(gone.begin(), gone.end(), [](const auto& a, const auto& b) { return a > b; });
  for (const auto& entry : gone) {
    const base::Digest& hash = entry.second;
    // With an executed child it stays until a commit passes both.
    const bool carries = std::any_of(entries_.begin(), entries_.end(), [&](const auto& other) {
      return other.second.executed && other.second.block->header().parent_hash == hash;
    });
    if (!carries) drop(hash);
  }
}

}  // namespace consensus
