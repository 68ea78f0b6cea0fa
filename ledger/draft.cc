#include "ledger/draft.h"

#include "base/check.h"

namespace ledger {

std::optional<base::ByteView> Draft::find(std::string_view key) const {
  const auto changed = changes_.find(key);
  if (changed == changes_.end()) return base_.find(key);
  if (!changed->second) return std::nullopt;
  return base::ByteView(*changed->second);
}

void Draft::put(std::string key, base::Bytes document) {
  change(std::move(key), std::move(document));
}

void Draft::erase(std::string key) {
  change(std::move(key), std::nullopt);
}

void Draft::change(std::string key, std::optional<base::Bytes> document) {
  const auto [slot, is_new] = changes_.try_emplace(key);
  Undo undo{.key = std::move(key), .change = std::nullopt};
  if (!is_new) undo.change = std::move(slot->second);
  slot->second = std::move(document);
  undo_.push_back(std::move(undo));
}

void Draft::rollback(Mark mark) {
  CHECK(mark <= undo_.size());
  while (undo_.size() > mark) {
    Undo& last = undo_.back();
    if (last.change) {
      changes_.find(last.key)->second = std::move(*last.change);
    } else {
      changes_.erase(last.key);
    }
    undo_.pop_back();
  }
}

}  // namespace ledger
