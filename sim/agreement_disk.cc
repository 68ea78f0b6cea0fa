#include "sim/agreement_disk.h"

#include "base/check.h"

#include <algorithm>
#include <utility>

namespace sim {

void AgreementDisk::append(kernel::AppendLog&& effect) {
  log_.push_back(std::move(effect.record));
  CHECK(before_ + log_.size() == effect.position);
}

void AgreementDisk::rewrite(kernel::RewriteLog&& effect) {
  CHECK(effect.position == before_ + log_.size());
  before_ = effect.position - effect.records.size();
  log_ = std::move(effect.records);
  durable_ = effect.position;  // the new file took the place of the old one, whole
}

void AgreementDisk::log_synced(std::uint64_t position) {
  durable_ = std::max(durable_, std::min<std::uint64_t>(position, before_ + log_.size()));
}

void AgreementDisk::store(kernel::StoreDecisions&& effect) {
  Transaction transaction;
  for (kernel::StoredDecision& decision : effect.decisions) {
    transaction.heights.push_back(decision.height);
    decisions_.insert_or_assign(decision.height, std::move(decision));
  }
  for (auto& [key, document] : effect.changes) {
    const auto found = state_.find(key);
    auto& before = transaction.before.emplace_back(key, std::nullopt).second;
    if (found != state_.end()) before = std::move(found->second);
    if (document) {
      state_.insert_or_assign(key, std::move(*document));
    } else {
      state_.erase(key);
    }
  }
  unsynced_.push_back(std::move(transaction));
}

void AgreementDisk::store(kernel::StoreState&& effect) {
  const std::uint64_t installed_before =
      std::exchange(installed_, std::max(installed_, effect.decision.height));
  pieces_.clear();
  if (effect.passed_over) passed_over_.push_back(*effect.passed_over);
  kernel::StoreDecisions changed{.decisions = {std::move(effect.decision)}, .changes = {}};
  for (const auto& [key, document] : state_) changed.changes.emplace_back(key, std::nullopt);
  for (auto& [key, document] : effect.documents) {
    changed.changes.emplace_back(key, std::move(document));
  }
  store(std::move(changed));
  unsynced_.back().installed_before = installed_before;
}

void AgreementDisk::store(kernel::StoreEpoch&& effect) {
  if (!epochs_.emplace(effect.number, std::move(effect.proof)).second) return;
  unsynced_.push_back({.heights = {},
                       .before = {},
                       .epoch = effect.number,
                       .piece = std::nullopt,
                       .installed_before = std::nullopt});
}

void AgreementDisk::store(kernel::KeepPiece&& effect) {
  pieces_.insert_or_assign(effect.index, std::move(effect.bytes));
  unsynced_.push_back({.heights = {},
                       .before = {},
                       .epoch = std::nullopt,
                       .piece = effect.index,
                       .installed_before = std::nullopt});
}

void AgreementDisk::archive_synced(std::size_t transactions) {
  CHECK(transactions <= unsynced_.size());
  unsynced_.erase(unsynced_.begin(), unsynced_.begin() + static_cast<std::ptrdiff_t>(transactions));
}

std::uint64_t AgreementDisk::height() const {
  return decisions_.empty() ? 0 : decisions_.rbegin()->first;
}

std::uint64_t AgreementDisk::height_synced() const {
  for (const Transaction& transaction : unsynced_) {
    if (!transaction.heights.empty()) return transaction.heights.front() - 1;
  }
  return height();
}

const kernel::StoredDecision* AgreementDisk::find(std::uint64_t height) const {
  const auto found = decisions_.find(height);
  return found == decisions_.end() ? nullptr : &found->second;
}

// Until a bound, and then so far that the last one has a proof.
std::vector<kernel::StoredDecision> AgreementDisk::read(const kernel::ReadDecisions& effect) const {
  std::vector<kernel::StoredDecision> found;
  std::size_t bytes = 0;
  for (auto entry = decisions_.find(effect.from_height); entry != decisions_.end(); ++entry) {
    const bool full = found.size() >= effect.blocks_max || bytes >= effect.bytes_max;
    if (full && !found.back().proof.empty()) break;
    found.push_back(entry->second);
    bytes += entry->second.block.size() + entry->second.proof.size();
  }
  return found;
}

void AgreementDisk::crash() {
  const std::uint64_t end = before_ + log_.size();
  log_.resize(static_cast<std::size_t>(durable_ - before_ + rng_.below(end - durable_ + 1)));
  durable_ = before_ + log_.size();
  for (std::uint64_t lost = rng_.below(unsynced_.size() + 1); lost > 0; --lost) {
    Transaction& newest = unsynced_.back();
    for (const std::uint64_t height : newest.heights) decisions_.erase(height);
    if (newest.epoch) epochs_.erase(*newest.epoch);
    if (newest.piece) pieces_.erase(*newest.piece);
    if (newest.installed_before) installed_ = *newest.installed_before;
    // The last change of a key first: the first one knows what was there before.
    for (auto change = newest.before.rbegin(); change != newest.before.rend(); ++change) {
      auto& [key, document] = *change;
      if (document) {
        state_.insert_or_assign(key, std::move(*document));
      } else {
        state_.erase(key);
      }
    }
    unsynced_.pop_back();
  }
  unsynced_.clear();
  std::erase_if(passed_over_, [this](const kernel::PassedOver& gap) {
    return !decisions_.contains(gap.last + 1);
  });
}

void AgreementDisk::lose_log() {
  using Log = consensus::PromisesFound::Log;
  if (started_.empty()) return;  // there is none yet
  file_ = rng_.chance(500'000) ? Log::missing : Log::damaged;
  log_.clear();
  before_ = 0;
  durable_ = 0;
  forgot_.insert(started_.begin(), started_.end());
  failing_starts_ = rng_.below(4);
}

consensus::KeyFate AgreementDisk::fate_of(const base::NodeId& vote_key) const {
  const auto marks = marks_.find(vote_key);
  const Marks own = marks == marks_.end() ? Marks{} : marks->second;
  return consensus::fate_of({.log = file_,
                             .begun = own.begun,
                             .spent = own.spent,
                             .decided = !decisions_.empty(),
                             .others_marked = marks_.size() > (marks == marks_.end() ? 0U : 1U),
                             .replaced = own.begun && last_begun_ != vote_key});
}

void AgreementDisk::take(consensus::KeyStep step, const base::NodeId& vote_key) {
  switch (step) {
    case consensus::KeyStep::mark_begun:
      if (!std::exchange(marks_[vote_key].begun, true)) last_begun_ = vote_key;
      return;
    case consensus::KeyStep::mark_spent:
      marks_[vote_key].spent = true;
      return;
    case consensus::KeyStep::open_log:
      file_ = consensus::PromisesFound::Log::whole;
      return;
  }
}

void AgreementDisk::spend(const base::NodeId& vote_key) {
  take(consensus::KeyStep::mark_spent, vote_key);
  if (restored_) forgot_.insert(vote_key);
}

void AgreementDisk::put_back(AgreementDisk copy) {
  copy.rng_ = rng_;
  copy.crash();
  copy.started_.insert(started_.begin(), started_.end());
  copy.forgot_.insert(forgot_.begin(), forgot_.end());
  copy.restored_ = true;
  *this = std::move(copy);
}

kernel::StoredAgreement AgreementDisk::start(const base::NodeId& vote_key) {
  for (; failing_starts_ > 0; --failing_starts_) {
    const consensus::KeyFate fate = fate_of(vote_key);
    const std::uint64_t steps = rng_.below(fate.steps.size() + 1);
    for (std::size_t i = 0; i < steps; ++i) take(fate.steps.at(i), vote_key);
  }
  const consensus::KeyFate fate = fate_of(vote_key);
  for (const consensus::KeyStep step : fate.steps) take(step, vote_key);
  started_.insert(vote_key);
  kernel::StoredAgreement stored;
  stored.key_spent = !fate.votes();
  stored.passed_over = passed_over_;
  for (const auto& [number, proof] : epochs_) stored.epochs.push_back(proof);
  if (!decisions_.empty()) stored.newest = decisions_.rbegin()->second;
  for (const auto& [key, document] : state_) stored.state.emplace_back(key, document);
  for (const auto& [index, bytes] : pieces_) stored.pieces.emplace_back(index, bytes);
  stored.log = log_;
  stored.log_position = before_ + log_.size();
  return stored;
}

}  // namespace sim
