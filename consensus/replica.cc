#include "consensus/replica.h"

#include "base/check.h"
#include "consensus/replica_state.h"
#include "consensus/statements.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace consensus {

namespace {

constexpr std::size_t gossiped_again_max = 16;  // ops, at once
constexpr std::size_t decided_ops_max = 16'384;

}  // namespace

Replica::State::State(Options options_in, Self self_in, Application& application_in, base::Rng rng)
    : options(options_in),
      self(self_in.node),
      application(application_in),
      epochs(std::move(self_in.first), options.weakness == Weakness::small_quorum),
      ahead(options),
      outbox(options),
      guard(std::move(self_in.voting_key), options),
      mempool(application, options),
      repair(options, rng.fork("repair")),
      timing(options),
      intake(options),
      pacer(5 * options.peers_max),
      ask_again(base::Instant::never()),
      decided_ops(decided_ops_max),
      fetch(options) {}

Moment Replica::State::moment(base::Instant now) const {
  const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(now - wall_at).count();
  return {.now = now,
          .wall_ms = static_cast<std::uint64_t>(
              std::max<std::int64_t>(0, wall.milliseconds + std::max<std::int64_t>(0, passed)))};
}

base::Duration Replica::State::delay() const {
  return timing.delay(core->epoch().committee().faults());
}

Repair::Peers Replica::State::peers() const {
  Repair::Peers peers;
  std::set<base::NodeId> members;
  for (const Validator& member : core->epoch().committee().members()) {
    if (member.node != self) members.insert(member.node);
  }
  for (const auto& [peer, when] : heard) {
    if (peer != self && !members.contains(peer)) peers.others.push_back(peer);
  }
  peers.members.assign(members.begin(), members.end());
  return peers;
}

// ---- committing ----

std::optional<base::Digest> Replica::State::commit_target(Moment at) {
  const base::Digest& root = tree->root().hash;
  const base::Digest target = core->finalized().hash;
  if (target == root) {
    if (!core->uncommitted_since()) return std::nullopt;
    core->on_committed();
    tree->prune(core->epoch(), core->finalized().view);
    repair.on_committed();
    return std::nullopt;
  }
  core->on_uncommitted(at.now);
  const BlockTree::Standing standing = tree->settle(target);
  if (standing.kind == BlockTree::Standing::Kind::valid) return target;
  if (standing.kind == BlockTree::Standing::Kind::missing) {
    repair.want_block(standing.missing);
    const bool long_ago = *core->uncommitted_since() + delay() <= at.now;
    if (long_ago && !fetch.active()) repair.want_range(tree->root().height + 1);
  }
  if (!proven || proven->hash == root) return std::nullopt;
  if (tree->settle(proven->hash).kind != BlockTree::Standing::Kind::valid) return std::nullopt;
  return proven->hash;
}

bool Replica::State::commit(Moment at, Effects& effects) {
  bool moved = false;
  while (const auto target = commit_target(at)) {
    const BlockPtr block = tree->next_to_commit(*target);
    CHECK(block != nullptr);
    const EpochNumber before = core->epoch().number();
    commit_block(block, *target, at.now, effects);
    moved = true;
    if (core->epoch().number() != before) return true;
  }
  if (!core->uncommitted_since()) return moved;
  // A decided block that our software finds invalid: never fork, never crash-loop.
  const BlockTree::Standing standing = tree->settle(core->finalized().hash);
  if (standing.kind == BlockTree::Standing::Kind::invalid) core->stop(standing.fault, effects);
  return moved;
}

void Replica::State::commit_block(const BlockPtr& block, const base::Digest& target,
                                  base::Instant now, Effects& effects) {
  const BlockHeader& header = block->header();
  const Epoch* epoch = epochs.find(header.epoch_id);
  CHECK(epoch != nullptr);
  Decision decision{.block = block, .finalization = {}, .tail = {}};
  std::optional<Certificate> certificate;
  const bool by_range = proven && proven->hash == target;
  if (target == core->finalized().hash) certificate = core->finalized().certificate;
  if (!certificate && by_range) certificate = proven->finalization;
  if (block->hash() == target) decision.finalization = certificate;
  std::optional<EpochProof> proof;
  if (header.seal()) {
    if (const EpochProof* known = epochs.end_of(epoch->number())) {
      decision.finalization = known->finalization;
      decision.tail = known->tail;
    } else {
      // 3.9: finalized directly, or through the tail that stands on it.
      if (target != core->finalized().hash && by_range) decision.tail = proven->tail;
      for (base::Digest above = target; above != block->hash();) {
        const BlockHeader& one = tree->find(above)->header();
        CHECK(one.tail());
        decision.tail.insert(decision.tail.begin(), one);
        above = one.parent_hash;
      }
      CHECK(certificate.has_value());
      decision.finalization = certificate;
      const NextEpoch& next = *tree->result(block->hash())->next_epoch;
      proof = EpochProof{.descriptor = next_descriptor(*epoch, block->hash(), header.height, next),
                         .seal = header,
                         .tail = decision.tail,
                         .finalization = *certificate};
    }
  }
  tree->commit(block->hash());
  if (!block->ops().empty()) core->note_crowd();
  mempool.on_decided(block->ops());
  for (const base::Bytes& op : block->ops()) {
    if (const auto id = application.id_of(op)) decided_ops.insert(*id);
  }
  effects.push_back(Decided{.decision = std::move(decision), .epoch = epoch->number()});
  if (proof) start_epoch(std::move(*proof), now, effects);
}

void Replica::State::start_epoch(EpochProof proof, base::Instant now, Effects& effects) {
  outbox.drop_held();  // 3.9: the old Core is inert
  outbox.append(EpochStart{.proof = proof}, effects);
  effects.push_back(EpochStarted{.proof = proof});
  const EpochNumber ended = core->epoch().number();
  const Epoch& epoch = epochs.add(std::move(proof));
  effects.push_back(base::Transition{.machine = "agreement",
                                     .from = "epoch",
                                     .to = "epoch",
                                     .subject = std::to_string(epoch.number())});
  make_core(epoch, now);
  tree->prune(*epochs.find(ended), std::numeric_limits<View>::max());
  if (listening_until) start_listening(now);
}

void Replica::State::make_core(const Epoch& epoch, base::Instant now) {
  CHECK(guard.start_epoch(epoch));
  ahead.on_accepted(epoch.number());
  repair.clear();
  timing.forget_members();
  silence.start(epoch.committee().size(), now);
  proven.reset();
  relay.on_epoch_ended();
  core.emplace(epoch,
               Core::Parts{.application = application,
                           .tree = *tree,
                           .guard = guard,
                           .mempool = mempool,
                           .repair = repair,
                           .outbox = outbox,
                           .timing = timing,
                           .silence = silence,
                           .relay = relay,
                           .options = options},
               now);
}

void Replica::State::settle(base::Instant now, Effects& effects) {
  const Moment at = moment(now);
  if (const auto index = guard.signer()) silence.on_heard(*index, now);
  if (listening_until && now >= *listening_until) {
    listening_until.reset();
    guard.listen(false);
  }
  if (listening_until && now >= ask_again) {
    ask_again = now + delay();
    for (const Validator& member : core->epoch().committee().members()) {
      if (member.node == self) continue;
      Status status = core->status_for(member.node);
      status.asks = true;
      outbox.send(member.node, std::move(status), effects);
    }
  }
  tend_snapshot(now, effects);
  do {
    core->evaluate(at, effects);
  } while (commit(at, effects));
  mempool.on_time(now);
  gossip_ops(now, effects);
  if (repair.next_deadline() <= now) {
    const EpochNumber epoch = core->epoch().number();
    repair.on_time({.epoch = epoch, .proven = epoch + ahead.size(), .delay = delay()}, peers(), now,
                   outbox, effects);
  }
  rewrite_log(effects);
  outbox.flush(effects);
  settled_at = now;
}

// R9 holds in a new epoch as well: whoever has a seat now and had none knows of no op, leads a view
// soon, and would not be busy in it.
void Replica::State::tell_newcomers(base::Instant now, Effects& effects) {
  const Epoch& epoch = core->epoch();
  if (ops_told_in == epoch.number()) return;
  const Epoch* before = epochs.find(std::exchange(ops_told_in, epoch.number()));
  if (before == nullptr || mempool.size() == 0) return;
  const OpGossip some{.ops = mempool.next_to_gossip(gossiped_again_max, now)};
  for (const Validator& member : epoch.committee().members()) {
    if (member.node == self || before->committee().index_of(member.node)) continue;
    outbox.send(member.node, some, effects);
  }
}

// R11, for ops: what was not decided after a while is sent to all validators again.
void Replica::State::gossip_ops(base::Instant now, Effects& effects) {
  tell_newcomers(now, effects);
  if (mempool.size() == 0 || now < next_op_gossip) return;
  const base::Duration pause = 2 * delay();
  next_op_gossip = now + pause;
  OpGossip again{.ops = mempool.next_to_gossip(gossiped_again_max, now - pause)};
  if (!again.ops.empty()) outbox.broadcast(std::move(again), effects);
}

// 3.11: only what is stored durably may leave the log.
void Replica::State::rewrite_log(Effects& effects) {
  if (outbox.position() < rewritten_at + options.log_rewrite_after) return;
  if (stored < tree->root().height || core->uncommitted_since()) return;
  rewritten_at = outbox.position();
  std::vector<Record> records;
  const EpochNumber number = core->epoch().number();
  if (number > 0) records.emplace_back(EpochStart{.proof = *epochs.end_of(number - 1)});
  for (Record& record : core->snapshot()) records.push_back(std::move(record));
  effects.push_back(RewriteLog{.records = std::move(records), .position = outbox.position()});
}

// ---- the interface ----

Replica::Replica(Options options, Self self, Application& application, base::Rng rng)
    : state_(std::make_unique<State>(options, std::move(self), application, rng)) {}
Replica::~Replica() = default;
Replica::Replica(Replica&&) noexcept = default;

void Replica::on_start(Recovery recovery, bool abstain, base::WallTime wall, base::Instant now,
                       Effects& effects) {
  state_->wall = wall;
  state_->wall_at = now;
  state_->recover(std::move(recovery), now, effects);
  if (abstain) {
    state_->guard.spend();
    effects.push_back(Alarm{.kind = Alarm::Kind::log_corrupt,
                            .text = "the log does not hold all that this key promised: this node "
                                    "votes no more with it"});
  }
  if (state_->guard.signer() && !state_->guard.abstains()) state_->start_listening(now);
  state_->settle(now, effects);
}

void Replica::on_wall_clock(base::WallTime wall, base::Instant now) {
  state_->wall = wall;
  state_->wall_at = now;
}

void Replica::on_time(base::Instant now, Effects& effects) {
  state_->settle(now, effects);
}

base::Instant Replica::next_deadline() const {
  base::Instant next = std::min(state_->core->next_deadline(), state_->repair.next_deadline());
  next = std::min(next, state_->fetch.next_deadline());
  if (state_->listening_until) {
    next = std::min({next, *state_->listening_until, state_->ask_again});
  }
  if (const auto since = state_->core->uncommitted_since()) {
    const base::Instant range_at = *since + state_->delay();
    if (range_at > state_->settled_at) next = std::min(next, range_at);
  }
  if (state_->mempool.size() > 0) next = std::min(next, state_->next_op_gossip);
  return next;
}

void Replica::on_durable(LogPosition position, base::Instant now, Effects& effects) {
  for (const Message& message : state_->outbox.on_durable(position, effects)) {
    state_->core->on_released(message, state_->moment(now), effects);
  }
  state_->settle(now, effects);
}

void Replica::on_stored(Height height) {
  state_->stored = std::max(state_->stored, height);
}

void Replica::on_range_read(std::uint64_t request, std::vector<Decision> decisions,
                            base::Instant now, Effects& effects) {
  state_->answer_range(request, std::move(decisions), now, effects);
  state_->settle(now, effects);
}

void Replica::on_sync_time(base::Duration p99) {
  state_->timing.on_sync_time(p99);
}

void Replica::on_round_trip(const base::NodeId& peer, base::Duration srtt,
                            base::Duration variance) {
  const auto index = state_->core->epoch().committee().index_of(peer);
  if (index) state_->timing.on_rtt(*index, srtt, variance);
}

void Replica::on_liveness(const base::NodeId& peer, bool alive, base::Instant now,
                          Effects& effects) {
  const auto index = state_->core->epoch().committee().index_of(peer);
  if (index) state_->silence.on_hint(*index, alive);
  state_->settle(now, effects);
}

}  // namespace consensus
