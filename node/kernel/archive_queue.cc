#include "node/kernel/archive_queue.h"

#include <utility>

namespace kernel {

namespace {

std::size_t size_of(const StoredDecision& decision) {
  return decision.block.size() + decision.proof.size() + decision.events.size() +
         decision.ops.size() * sizeof(base::Digest);
}

std::size_t size_of(const StoreDecisions& store) {
  std::size_t bytes = 0;
  for (const StoredDecision& decision : store.decisions) bytes += size_of(decision);
  for (const auto& [key, document] : store.changes) {
    bytes += key.size() + (document ? document->size() : 0);
  }
  return bytes;
}

}  // namespace

void ArchiveQueue::change(std::string key, std::optional<base::Bytes> document) {
  changes_.insert_or_assign(std::move(key), std::move(document));
}

void ArchiveQueue::add(StoredDecision decision) {
  deciding_.push_back(std::move(decision));
}

void ArchiveQueue::flush(Effects& effects) {
  if (deciding_.empty()) return;
  StoreDecisions store{.decisions = std::exchange(deciding_, {}), .changes = {}};
  for (auto& [key, document] : std::exchange(changes_, {})) {
    store.changes.emplace_back(key, std::move(document));
  }
  const std::size_t bytes = size_of(store);
  if (!has_room(bytes)) {
    fall_behind(store.decisions.front().height, effects);
    behind_->newest = std::move(store.decisions.back());
    return;
  }
  wait(store.decisions.back().height, bytes);
  effects.emplace_back(std::move(store));
}

void ArchiveQueue::install(StoredDecision decision, std::uint64_t first, const ledger::State& state,
                           Effects& effects) {
  flush(effects);
  changes_.clear();
  if (has_room(size_of(decision))) {
    return store_whole(std::move(decision), first, state, effects);
  }
  fall_behind(first, effects);
  behind_->newest = std::move(decision);
}

void ArchiveQueue::keep(KeepPiece piece, Effects& effects) const {
  if (!behind_) effects.emplace_back(std::move(piece));
}

void ArchiveQueue::on_stored(std::uint64_t height, const ledger::State& state, Effects& effects) {
  while (!waiting_.empty() && waiting_.front().height <= height) {
    waiting_bytes_ -= waiting_.front().bytes;
    waiting_.pop_front();
  }
  if (!behind_ || !waiting_.empty()) return;
  Behind behind = *std::exchange(behind_, std::nullopt);
  effects.emplace_back(
      base::Notice{base::Severity::info, "agreement: decisions are kept again from height " +
                                             std::to_string(behind.newest.height) + " on"});
  store_whole(std::move(behind.newest), behind.first, state, effects);
}

// Whatever it is, one may always wait.
bool ArchiveQueue::has_room(std::size_t bytes) const {
  return !behind_ && (waiting_.empty() || waiting_bytes_ + bytes <= bytes_max_);
}

void ArchiveQueue::wait(std::uint64_t height, std::size_t bytes) {
  waiting_.push_back({.height = height, .bytes = bytes});
  waiting_bytes_ += bytes;
}

void ArchiveQueue::fall_behind(std::uint64_t first, Effects& effects) {
  if (behind_) return;
  behind_.emplace().first = first;
  effects.emplace_back(base::Notice{
      base::Severity::error,
      "agreement: the disk takes nothing and " + std::to_string(waiting_bytes_) +
          " bytes wait for it; decisions from height " + std::to_string(first) +
          " on are not kept on this node until it does. Make room, or see why it fails"});
}

void ArchiveQueue::store_whole(StoredDecision decision, std::uint64_t first,
                               const ledger::State& state, Effects& effects) {
  StoreState store{.decision = std::move(decision), .passed_over = std::nullopt, .documents = {}};
  if (first < store.decision.height) {
    store.passed_over = PassedOver{first, store.decision.height - 1};
    passed_over_.push_back(*store.passed_over);
  }
  std::size_t bytes = size_of(store.decision);
  for (const ledger::Entry* entry : state.under("")) {
    bytes += entry->key.size() + entry->document.size();
    store.documents.emplace_back(entry->key, entry->document);
  }
  wait(store.decision.height, bytes);
  effects.emplace_back(std::move(store));
}

}  // namespace kernel
