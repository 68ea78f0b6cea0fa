// Executes blocks: ops on the state of the parent, in their order, at the block's timestamp. The
// same function serves who proposes, who votes and who replays (CONSENSUS 3.8). It is pure: equal
// parents, contexts and ops give equal roots on every machine.
//
// Before the ops the block itself does its part: it records its epoch, and ends the ballots whose
// time is over. A tail block does nothing at all.
#pragma once

#include "base/ids.h"
#include "base/result.h"
#include "crypto/verified.h"
#include "ledger/event.h"
#include "ledger/limits.h"
#include "ledger/op.h"
#include "ledger/reason.h"
#include "ledger/records.h"
#include "ledger/scene.h"
#include "ledger/state.h"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace ledger {

// An op that took place, and which of the block's events it brought.
struct Decision {
  base::Digest op;
  base::NodeId author;
  OpKind kind = OpKind::leave;
  std::size_t first_event = 0;
  std::size_t events = 0;
  bool operator==(const Decision&) const = default;
};

struct Outcome {
  State state;
  Changes changes;  // against the parent's state
  std::vector<Decision> decisions;
  std::vector<Event> events;
  std::optional<Committee> next;  // the block is a seal: who decides from then on
};

struct Invalid {
  std::size_t op = 0;  // the first that is not valid; of a block without fitting epoch, 0
  Reason reason = Reason::wrong_epoch;
  bool operator==(const Invalid&) const = default;
};

// A block while it is being executed, for who selects ops and has to go on after one that does not
// fit.
class Execution {
 public:
  Execution(const State& parent, const BlockContext& block, const Limits& limits);

  // Why no op can be valid in such a block.
  [[nodiscard]] std::optional<Reason> refused() const { return refused_; }
  // Why the op is not valid here, or nothing: it took place. What is refused leaves no trace.
  std::optional<Reason> apply(const crypto::Verified<Op>& op);
  // Of a block that is not refused.
  [[nodiscard]] Outcome finish() &&;

 private:
  [[nodiscard]] std::optional<Reason> begin();
  [[nodiscard]] std::optional<Reason> try_op(const Op& op);
  [[nodiscard]] std::optional<Reason> take_author(const Op& op);

  Scene scene_;
  std::vector<Decision> decisions_;
  std::optional<Reason> refused_;
};

[[nodiscard]] base::Result<Outcome, Invalid> execute(const State& parent, const BlockContext& block,
                                                     std::span<const crypto::Verified<Op>> ops,
                                                     const Limits& limits = {});
// Nothing if execute() would take a block with this op alone; else why not.
[[nodiscard]] std::optional<Reason> refusal_of(const State& parent, const BlockContext& block,
                                               const crypto::Verified<Op>& op,
                                               const Limits& limits = {});

}  // namespace ledger
