// The decided state and, above it, one overlay for each block that was executed and is not decided
// yet. Blocks are named by their hash; the tree above the decided one is agreement's matter.
#pragma once

#include "base/ids.h"
#include "base/result.h"
#include "crypto/verified.h"
#include "ledger/execution.h"

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace ledger {

struct Selection {
  std::vector<std::size_t> taken;  // of the candidates, in the order of the block
  Outcome outcome;
};

class Overlays {
 public:
  static constexpr std::size_t overlays_max = 4096;  // blocks that nobody discards are a bug

  Overlays(const base::Digest& block, State state, const Limits& limits = {})
      : decided_(block), state_(std::move(state)), limits_(limits) {}

  [[nodiscard]] const base::Digest& decided_block() const { return decided_; }
  [[nodiscard]] const State& decided() const { return state_; }
  [[nodiscard]] std::size_t size() const { return overlays_.size(); }
  [[nodiscard]] bool knows(const base::Digest& block) const;
  // What a known block led to.
  [[nodiscard]] const State& state_of(const base::Digest& block) const;

  // `parent` is known. Keeps the outcome unless the block is invalid; the pointer is good until the
  // block is decided or discarded. Executing a block again gives the same.
  base::Result<const Outcome*, Invalid> execute(const base::Digest& block,
                                                const base::Digest& parent,
                                                const BlockContext& context,
                                                std::span<const crypto::Verified<Op>> ops);
  // As execute() of a block with that op alone, keeping nothing.
  [[nodiscard]] std::optional<Reason> refusal_of(const base::Digest& parent,
                                                 const BlockContext& context,
                                                 const crypto::Verified<Op>& op) const;
  // Takes the candidates that fit one behind the other, and none behind one that seals the epoch.
  [[nodiscard]] base::Result<Selection, Reason> select(
      const base::Digest& parent, const BlockContext& context,
      std::span<const crypto::Verified<Op>> candidates) const;

  // The block, whose parent is the decided one, is decided: what came of it, to be kept and acted
  // on.
  [[nodiscard]] Outcome decide(const base::Digest& block);
  void discard(const base::Digest& block);

 private:
  struct Overlay {
    base::Digest parent;
    Outcome outcome;
  };

  base::Digest decided_;
  State state_;  // after it
  Limits limits_;
  std::map<base::Digest, Overlay> overlays_;  // by block
};

}  // namespace ledger
