#include "sim/agreement/storage.h"

#include "base/check.h"

#include <algorithm>

namespace sim::agreement {

void Storage::append(consensus::Append append) {
  log_.push_back(std::move(append.record));
  CHECK(before_ + log_.size() == append.position);
}

void Storage::rewrite(consensus::RewriteLog rewrite) {
  CHECK(rewrite.position == before_ + log_.size());
  before_ = rewrite.position - rewrite.records.size();
  log_ = std::move(rewrite.records);
  durable_ = rewrite.position;
  rewritten_ = rewrite.position;
}

void Storage::cut(consensus::LogPosition position) {
  CHECK(position >= rewritten_);
  if (position >= before_ + log_.size()) return;
  log_.resize(static_cast<std::size_t>(position - before_));
  durable_ = position;
}

void Storage::log_synced(consensus::LogPosition position) {
  durable_ = std::max(durable_, std::min(position, before_ + log_.size()));
}

void Storage::add(const consensus::Decided& decided, const Register::State& state) {
  CHECK(decided.decision.block->header().height == rows_.size() + 1);
  rows_.push_back({.decision = decided.decision, .state = state});
}

void Storage::add(const consensus::EpochStarted& started) {
  if (started.proof.descriptor.number == epochs_.size() + 1) epochs_.push_back(started.proof);
}

void Storage::end_transaction() {
  const Mark mark{.height = rows_.size(), .epochs = epochs_.size()};
  const Mark last = transactions_.empty() ? stored_ : transactions_.back();
  if (mark.height != last.height || mark.epochs != last.epochs) transactions_.push_back(mark);
}

void Storage::decisions_synced() {
  if (transactions_.empty()) return;
  stored_ = transactions_.back();
  transactions_.clear();
}

std::vector<consensus::Decision> Storage::read(const consensus::ReadRange& question) const {
  std::vector<consensus::Decision> found;
  for (std::size_t i = question.from_height - 1; i < rows_.size(); ++i) {
    const consensus::Decision& decision = rows_[i].decision;
    if (found.size() >= question.blocks_max) break;
    found.push_back(decision);
  }
  while (!found.empty() && !found.back().finalization) found.pop_back();
  return found;
}

void Storage::lose_power(base::Rng& rng) {
  const auto kept = static_cast<std::size_t>(rng.between(
      static_cast<std::int64_t>(durable_ - before_), static_cast<std::int64_t>(log_.size())));
  log_.resize(kept);
  durable_ = before_ + log_.size();
  const auto lost = static_cast<std::size_t>(rng.below(transactions_.size() + 1));
  transactions_.resize(transactions_.size() - lost);
  const Mark mark = transactions_.empty() ? stored_ : transactions_.back();
  rows_.resize(static_cast<std::size_t>(mark.height));
  epochs_.resize(mark.epochs);
  decisions_synced();
}

consensus::Recovery Storage::recovery() const {
  consensus::Recovery recovery;
  recovery.epochs = epochs_;
  if (!rows_.empty()) recovery.decision = rows_.back().decision;
  recovery.log = log_;
  recovery.position = before_ + log_.size();
  return recovery;
}

consensus::EpochNumber Storage::newest_epoch() const {
  consensus::EpochNumber newest = epochs_.size();
  for (const consensus::Record& record : log_) {
    if (const auto* start = std::get_if<consensus::EpochStart>(&record)) {
      newest = std::max(newest, start->proof.descriptor.number);
    }
  }
  return newest;
}

consensus::View Storage::floor(consensus::EpochNumber epoch) const {
  consensus::View floor = 0;
  for (const consensus::Record& record : log_) {
    const auto* certificate = std::get_if<consensus::Certificate>(&record);
    if (certificate == nullptr || certificate->epoch != epoch) continue;
    if (certificate->kind == consensus::VoteKind::finalize)
      floor = std::max(floor, certificate->view);
  }
  return floor;
}

consensus::View Storage::view(consensus::EpochNumber epoch) const {
  consensus::View view = 1;
  for (const consensus::Record& record : log_) {
    if (const auto* certificate = std::get_if<consensus::Certificate>(&record)) {
      if (certificate->epoch == epoch) view = std::max(view, certificate->view + 1);
    } else if (const auto* own = std::get_if<consensus::OwnVote>(&record)) {
      const bool moves = own->vote.kind != consensus::VoteKind::finalize;
      if (own->vote.epoch == epoch && moves) view = std::max(view, own->vote.view);
    }
  }
  return view;
}

Register::State Storage::state() const {
  return rows_.empty() ? genesis_ : rows_.back().state;
}

}  // namespace sim::agreement
