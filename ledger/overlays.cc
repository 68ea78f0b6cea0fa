#include "ledger/overlays.h"

#include "base/check.h"

#include <utility>

namespace ledger {

bool Overlays::knows(const base::Digest& block) const {
  return block == decided_ || overlays_.contains(block);
}

const State& Overlays::state_of(const base::Digest& block) const {
  if (block == decided_) return state_;
  const auto overlay = overlays_.find(block);
  CHECK(overlay != overlays_.end());
  return overlay->second.outcome.state;
}

base::Result<const Outcome*, Invalid> Overlays::execute(const base::Digest& block,
                                                        const base::Digest& parent,
                                                        const BlockContext& context,
                                                        std::span<const crypto::Verified<Op>> ops) {
  if (const auto known = overlays_.find(block); known != overlays_.end()) {
    CHECK(known->second.parent == parent);
    return &known->second.outcome;
  }
  CHECK(block != decided_);
  CHECK(overlays_.size() < overlays_max);
  auto outcome = ledger::execute(state_of(parent), context, ops, limits_);
  if (!outcome) return base::Unexpected{outcome.error()};
  const auto [kept, is_new] =
      overlays_.emplace(block, Overlay{.parent = parent, .outcome = *std::move(outcome)});
  CHECK(is_new);
  return &kept->second.outcome;
}

std::optional<Reason> Overlays::refusal_of(const base::Digest& parent, const BlockContext& context,
                                           const crypto::Verified<Op>& op) const {
  return ledger::refusal_of(state_of(parent), context, op, limits_);
}

base::Result<Selection, Reason> Overlays::select(
    const base::Digest& parent, const BlockContext& context,
    std::span<const crypto::Verified<Op>> candidates) const {
  Execution execution(state_of(parent), context, limits_);
  if (execution.refused()) return base::Unexpected{*execution.refused()};
  std::vector<std::size_t> taken;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const std::optional<Reason> refusal = execution.apply(candidates[i]);
    if (!refusal) taken.push_back(i);
    if (refusal == Reason::behind_seal) break;
  }
  return Selection{.taken = std::move(taken), .outcome = std::move(execution).finish()};
}

Outcome Overlays::decide(const base::Digest& block) {
  auto overlay = overlays_.extract(block);
  CHECK(!overlay.empty());
  CHECK(overlay.mapped().parent == decided_);
  Outcome outcome = std::move(overlay.mapped().outcome);
  decided_ = block;
  state_ = outcome.state;
  return outcome;
}

void Overlays::discard(const base::Digest& block) {
  CHECK(overlays_.erase(block) == 1);
}

}  // namespace ledger
