#include "ledger/execution.h"

#include "base/check.h"
#include "ledger/ops/handlers.h"

#include <utility>
#include <variant>

namespace ledger {

Refusal apply_payload(Scene& scene, const Actor& actor, const Payload& payload) {
  return std::visit(
      [&](const auto& op) -> Refusal {
        if constexpr (std::is_same_v<std::decay_t<decltype(op)>, OpenBallot>) {
          CHECK(false);  // has a name of its own, and is no effect
          return std::nullopt;
        } else {
          return apply(scene, actor, op);
        }
      },
      payload);
}

Execution::Execution(const State& parent, const BlockContext& block, const Limits& limits)
    : scene_(parent, block, limits), refused_(begin()) {}

std::optional<Reason> Execution::begin() {
  const BlockContext& block = scene_.block();
  if (block.tail) return std::nullopt;
  Committee committee = scene_.get<Committee>(key::committee);
  if (committee.epoch != block.epoch) return Reason::wrong_epoch;
  const std::string under = key::epoch(block.epoch);
  if (const std::optional<Committee> known = scene_.read<Committee>(under)) {
    if (known->epoch_id != block.epoch_id) return Reason::wrong_epoch;
  } else {
    committee.epoch_id = block.epoch_id;
    scene_.write(under, committee);
    if (block.epoch >= scene_.limits().epochs_kept) {
      scene_.erase(key::epoch(block.epoch - scene_.limits().epochs_kept));
    }
  }
  expire_ballots(scene_);
  return std::nullopt;
}

std::optional<Reason> Execution::apply(const crypto::Verified<Op>& op) {
  if (refused_) return refused_;
  if (scene_.block().tail || scene_.next()) return Reason::behind_seal;
  const Scene::Mark mark = scene_.mark();
  const std::optional<Reason> refusal = try_op(*op);
  if (refusal) {
    scene_.rollback(mark);
    return refusal;
  }
  decisions_.push_back({.op = op->id(),
                        .author = op->author(),
                        .kind = op->kind(),
                        .first_event = mark.events,
                        .events = scene_.events().size() - mark.events});
  return std::nullopt;
}

std::optional<Reason> Execution::try_op(const Op& op) {
  const std::uint64_t now = scene_.block().timestamp_ms;
  if (op.not_after_ms() < now) return Reason::expired;
  if (op.not_after_ms() - now > scene_.limits().op_window_ms) return Reason::too_far_ahead;
  const std::string counter = key::sequence(op.author());
  const Sequence sequence = scene_.read<Sequence>(counter).value_or(Sequence{});
  if (op.sequence() <= sequence.last) return Reason::replayed;
  if (const std::optional<Reason> refusal = take_author(op)) return refusal;
  scene_.write(counter, Sequence{.last = op.sequence()});
  const Actor actor{.node = op.author(), .approval = std::nullopt};
  if (const auto* ballot = std::get_if<OpenBallot>(&op.payload())) {
    return open_ballot(scene_, actor, *ballot, op.id());
  }
  return apply_payload(scene_, actor, op.payload());
}

// In an open mesh the first op of a node lets it in; Join says it for all kinds of meshes.
std::optional<Reason> Execution::take_author(const Op& op) {
  if (op.kind() == OpKind::join) return std::nullopt;
  const std::optional<Member> member = scene_.read<Member>(key::member(op.author()));
  if (member && member->admitted()) return std::nullopt;
  if (member && member->standing != Standing::left) return Reason::not_admitted;
  if (scene_.get<MeshRecord>(key::mesh).admission != Admission::open) return Reason::not_admitted;
  return admit_member(scene_, op.author(), op.author());
}

Outcome Execution::finish() && {
  CHECK(!refused_);
  return {.state = scene_.draft().state(),
          .changes = scene_.draft().changes(),
          .decisions = std::move(decisions_),
          .events = std::move(scene_.events()),
          .next = scene_.next()};
}

base::Result<Outcome, Invalid> execute(const State& parent, const BlockContext& block,
                                       std::span<const crypto::Verified<Op>> ops,
                                       const Limits& limits) {
  Execution execution(parent, block, limits);
  if (execution.refused()) return base::Unexpected{Invalid{0, *execution.refused()}};
  for (std::size_t i = 0; i < ops.size(); ++i) {
    if (const auto refusal = execution.apply(ops[i])) {
      return base::Unexpected{Invalid{i, *refusal}};
    }
  }
  return std::move(execution).finish();
}

std::optional<Reason> refusal_of(const State& parent, const BlockContext& block,
                                 const crypto::Verified<Op>& op, const Limits& limits) {
  return Execution(parent, block, limits).apply(op);
}

}  // namespace ledger
