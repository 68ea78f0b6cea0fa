// Where an op plays: the draft of the state, the block that it stands in, the bounds, and what
// comes of it. Handlers of ops (ops/handlers.h) read and write through this.
#pragma once

#include "base/check.h"
#include "base/ids.h"
#include "ledger/draft.h"
#include "ledger/event.h"
#include "ledger/limits.h"
#include "ledger/records.h"
#include "ledger/terms.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ledger {

// Where a block stands. Its timestamp is the only time that execution knows.
struct BlockContext {
  std::uint64_t height = 0;
  std::uint64_t timestamp_ms = 0;
  std::uint64_t epoch = 0;
  base::Digest epoch_id;
  bool tail = false;  // behind a seal: no ops, and nothing changes
};

class Scene {
 public:
  Scene(const State& parent, const BlockContext& block, const Limits& limits)
      : block_(block), limits_(limits), draft_(parent) {}

  [[nodiscard]] const BlockContext& block() const { return block_; }
  [[nodiscard]] const Limits& limits() const { return limits_; }
  [[nodiscard]] const Draft& draft() const { return draft_; }

  // The state holds only what this code wrote, and a snapshot only what a committee signed.
  template <class T>
  [[nodiscard]] std::optional<T> read(std::string_view key) const {
    const std::optional<base::ByteView> found = draft_.find(key);
    if (!found) return std::nullopt;
    std::optional<T> out = parse<T>(*found);
    CHECK(out.has_value());
    return out;
  }
  // Of what every state has.
  template <class T>
  [[nodiscard]] T get(std::string_view key) const {
    std::optional<T> out = read<T>(key);
    CHECK(out.has_value());
    return *std::move(out);
  }
  template <class T>
  void write(std::string_view key, const T& record) {
    draft_.put(std::string(key), encode(record));
  }
  void erase(std::string_view key) { draft_.erase(std::string(key)); }

  void tell(Event event) { events_.push_back(std::move(event)); }
  [[nodiscard]] std::vector<Event>& events() { return events_; }

  // The epoch ends with this block.
  void seal(Committee next) { next_ = std::move(next); }
  [[nodiscard]] const std::optional<Committee>& next() const { return next_; }

  // Takes back what came after the mark.
  struct Mark {
    Draft::Mark draft;
    std::size_t events;
    bool sealed;
  };
  [[nodiscard]] Mark mark() const { return {draft_.mark(), events_.size(), next_.has_value()}; }
  void rollback(const Mark& mark);

 private:
  BlockContext block_;
  Limits limits_;
  Draft draft_;
  std::vector<Event> events_;
  std::optional<Committee> next_;
};

}  // namespace ledger
