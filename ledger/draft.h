// Changes to a State that are being made: reads see what was written, a mark takes back what came
// after it. Execution writes here, and one State comes out at the end of a block.
#pragma once

#include "ledger/state.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ledger {

class Draft {
 public:
  explicit Draft(State base) : base_(std::move(base)) {}

  [[nodiscard]] const State& base() const { return base_; }
  // Valid until the next put, erase or rollback.
  [[nodiscard]] std::optional<base::ByteView> find(std::string_view key) const;
  void put(std::string key, base::Bytes document);
  void erase(std::string key);

  using Mark = std::size_t;
  [[nodiscard]] Mark mark() const { return undo_.size(); }
  void rollback(Mark mark);

  [[nodiscard]] const Changes& changes() const { return changes_; }
  [[nodiscard]] State state() const { return base_.with(changes_); }

 private:
  void change(std::string key, std::optional<base::Bytes> document);

  struct Undo {
    std::string key;
    // What changes_ had for the key before; nothing if it had no change.
    std::optional<std::optional<base::Bytes>> change;
  };

  State base_;
  Changes changes_;
  std::vector<Undo> undo_;  // in the order of the changes
};

}  // namespace ledger
