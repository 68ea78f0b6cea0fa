#include "gossip/verification.h"

#include "crypto/digest.h"

#include <algorithm>
#include <utility>

namespace gossip {

namespace {
constexpr std::size_t bad_max = 1024;
}

bool Verification::add(SignedRecord record, const Source& from) {
  const base::NodeId subject = record.record.subject;
  const crypto::Signature signature = record.signature;
  const crypto::Statement statement = statement_of(record.record, mesh_);
  if (!add(Item{std::move(record), from, {}}, statement, subject, signature)) return false;
  subjects_.insert(subject);
  return true;
}

bool Verification::add(SignedAccusation accusation, const Source& from) {
  const base::NodeId accuser = accusation.accusation.accuser;
  const crypto::Signature signature = accusation.signature;
  const crypto::Statement statement = statement_of(accusation.accusation, mesh_);
  return add(Item{accusation, from, {}}, statement, accuser, signature);
}

bool Verification::add(SignedReport report, const Source& from) {
  const base::NodeId author = report.report.author;
  const crypto::Signature signature = report.signature;
  const crypto::Statement statement = statement_of(report.report, mesh_);
  return add(Item{std::move(report), from, {}}, statement, author, signature);
}

bool Verification::add(Item item, const crypto::Statement& statement, const base::NodeId& signer,
                       const crypto::Signature& signature) {
  const auto brought = brought_.find(item.from.id);
  const std::size_t share = brought == brought_.end() ? 0 : brought->second;
  if (pending_.size() + share >= options_.checks_pending_max) return false;
  item.digest = crypto::digest({statement.bytes(), signature.view()});
  if (bad_.contains(item.digest)) return false;
  if (!pending_.insert(item.digest).second) return false;
  ++brought_[item.from.id];
  checks_.push_back({.signer = signer, .statement = statement, .signature = signature});
  open_.push_back(std::move(item));
  return true;
}

void Verification::flush(Effects& effects) {
  std::size_t at = 0;
  while (at < open_.size()) {
    const std::size_t end = std::min(open_.size(), at + options_.batch_max);
    const auto offset = [](std::size_t index) { return static_cast<std::ptrdiff_t>(index); };
    CheckSignatures check{.batch = next_batch_++, .checks = {}};
    check.checks.assign(std::make_move_iterator(checks_.begin() + offset(at)),
                        std::make_move_iterator(checks_.begin() + offset(end)));
    batches_[check.batch].assign(std::make_move_iterator(open_.begin() + offset(at)),
                                 std::make_move_iterator(open_.begin() + offset(end)));
    effects.push_back(std::move(check));
    at = end;
  }
  open_.clear();
  checks_.clear();
}

void Verification::remember_bad(const base::Digest& digest) {
  if (!bad_.insert(digest).second) return;
  if (bad_order_.size() < bad_max) {
    bad_order_.push_back(digest);
    return;
  }
  bad_.erase(bad_order_[bad_next_]);
  bad_order_[bad_next_] = digest;
  bad_next_ = (bad_next_ + 1) % bad_max;
}

std::vector<Checked> Verification::take(std::uint64_t batch,
                                        std::span<const crypto::Verdict> verdicts,
                                        Counters& counters) {
  std::vector<Checked> good;
  const auto found = batches_.find(batch);
  if (found == batches_.end()) return good;
  const std::vector<Item> items = std::move(found->second);
  batches_.erase(found);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Item& item = items[i];
    pending_.erase(item.digest);
    const auto brought = brought_.find(item.from.id);
    if (--brought->second == 0) brought_.erase(brought);
    if (const auto* record = std::get_if<SignedRecord>(&item.value)) {
      subjects_.erase(subjects_.find(record->record.subject));
    }
    // Fewer verdicts than checks: the pool was closed; the rest is simply not admitted.
    if (i >= verdicts.size()) continue;
    if (!verdicts[i].holds()) {
      const bool is_report = std::holds_alternative<SignedReport>(item.value);
      ++(is_report ? counters.reports_refused : counters.items_refused);
      remember_bad(item.digest);
      continue;
    }
    std::visit(
        [&](const auto& value) {
          using T = std::decay_t<decltype(value)>;
          good.push_back({*crypto::Verified<T>::admit(value, verdicts[i]), item.from});
        },
        item.value);
  }
  return good;
}

}  // namespace gossip
