#include "node/kernel/agreement.h"

#include "base/check.h"
#include "base/match.h"
#include "consensus/statements.h"
#include "ledger/event_codec.h"
#include "wire/agreement_codec.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace kernel {

namespace {

constexpr std::size_t ops_per_gather = 16;
constexpr std::uint64_t op_lifetime_ms = 50ULL * 60 * 1000;  // within the ledger's window

ledger::State state_of(const std::vector<std::pair<std::string, base::Bytes>>& documents) {
  ledger::Changes changes;
  for (const auto& [key, document] : documents) changes.emplace(key, document);
  return ledger::State().with(changes);
}

// How many ops of that author stood in the newest block that has any, as far as they are known; or
// one, if none is.
std::size_t decided_together(const std::deque<DecisionView>& decisions,
                             const base::NodeId& author) {
  const auto ours = [&](const DecisionView& decision) { return decision.author == author; };
  const auto newest = std::find_if(decisions.rbegin(), decisions.rend(), ours);
  if (newest == decisions.rend()) return 1;
  const auto end = std::find_if(newest, decisions.rend(), [&](const DecisionView& decision) {
    return decision.height != newest->height;
  });
  return static_cast<std::size_t>(std::count_if(newest, end, ours));
}

}  // namespace

Agreement::Agreement(AgreementOptions options, const crypto::Identity& identity, base::Rng rng)
    : options_(std::move(options)), identity_(identity), rng_(rng) {
  const ledger::Genesis& genesis = options_.genesis;
  ledger::State first = ledger::initial_state(genesis);
  const base::Digest root = first.root();
  state_ = std::make_unique<DecidedState>(
      genesis.mesh,
      consensus::Application::Committed{.block = consensus::origin_of(genesis.mesh),
                                        .height = 0,
                                        .timestamp_ms = 0,
                                        .state_root = root},
      std::move(first), rng_.fork("salt").next());
}

base::Result<void, std::string> Agreement::on_start(base::WallTime wall, base::Instant now,
                                                    Effects& effects) {
  const ledger::Genesis& genesis = options_.genesis;
  const StoredAgreement stored = std::exchange(options_.stored, {});
  consensus::Recovery recovery;
  recovery.position = stored.log_position;
  passed_over_ = stored.passed_over;
  for (const base::Bytes& bytes : stored.epochs) {
    auto proof = wire::decode_epoch_proof(bytes);
    if (!proof) return base::Unexpected{std::string("an epoch in the archive cannot be read")};
    recovery.epochs.push_back(std::move(*proof));
  }
  for (const base::Bytes& bytes : stored.log) {
    auto record = wire::decode_log_record(bytes);
    if (!record) return base::Unexpected{std::string("a record of the log cannot be read")};
    recovery.log.push_back(std::move(*record));
  }
  for (const auto& [index, bytes] : stored.pieces) recovery.pieces.push_back({index, bytes});
  if (stored.newest) {
    auto block = wire::decode_block(stored.newest->block);
    auto proof = wire::decode_decision_proof(stored.newest->proof);
    if (!block || !proof) {
      return base::Unexpected{std::string("the newest decision in the archive cannot be read")};
    }
    ledger::State state = state_of(stored.state);
    if (state.root() != (*block)->header().state_root) {
      return base::Unexpected{
          std::string("the state in the archive is not that of its newest "
                      "decision")};
    }
    state_ = std::make_unique<DecidedState>(
        genesis.mesh,
        consensus::Application::Committed{.block = (*block)->hash(),
                                          .height = (*block)->header().height,
                                          .timestamp_ms = (*block)->header().timestamp_ms,
                                          .state_root = state.root()},
        std::move(state), rng_.fork("salt").next());
    recovery.decision = consensus::Decision{.block = std::move(*block),
                                            .finalization = std::move(proof->finalization),
                                            .tail = std::move(proof->tail)};
  } else {
    // The state on disk is whole from its first decision on.
    for (const ledger::Entry* entry : state().under("")) {
      changes_.insert_or_assign(entry->key, entry->document);
    }
  }
  std::unique_ptr<consensus::VotingKey> key;
  if (options_.voting_key) {
    key = std::make_unique<consensus::Ed25519VotingKey>(*options_.voting_key);
  }
  replica_ = std::make_unique<consensus::Replica>(
      options_.consensus,
      consensus::Replica::Self{.node = identity_.id(),
                               .first = consensus::EpochDescriptor::first(
                                   genesis.mesh, committee_of(genesis.seats),
                                   {.version = genesis.parameters.version,
                                    .block_bytes_max = genesis.parameters.block_bytes_max,
                                    .block_ops_max = genesis.parameters.block_ops_max}),
                               .voting_key = std::move(key)},
      *state_, rng_.fork("agreement"));
  wall_ = wall;
  wall_read_ = heard_ = now;
  replica_->on_start(std::move(recovery), stored.key_spent, wall, now, scratch_);
  take(scratch_, effects);
  return {};
}

// ---- inputs ----

void Agreement::on_wall_clock(base::WallTime wall, base::Instant now) {
  wall_ = wall;
  wall_read_ = now;
  replica_->on_wall_clock(wall, now);
}

void Agreement::on_time(base::Instant now, Effects& effects) {
  if (sign_at_ <= now) sign_drafts(now, effects);
  replica_->on_time(now, scratch_);
  take(scratch_, effects);
  tend_changes(now, effects);
  tend_accusations(now, effects);
}

bool Agreement::on_message(const base::NodeId& from, base::ByteView bytes, base::Instant now,
                           Effects& effects) {
  auto message = wire::decode_agreement(bytes);
  if (!message) return false;
  const std::uint64_t before = replica_->standing().height;
  replica_->on_message(from, std::move(*message), now, scratch_);
  take(scratch_, effects);
  hear_readiness(now, effects);
  if (replica_->standing().height != before) heard_ = now;
  return true;
}

void Agreement::on_signatures_checked(std::uint64_t batch,
                                      std::span<const crypto::Verdict> verdicts, base::Instant now,
                                      Effects& effects) {
  const std::uint64_t before = replica_->standing().height;
  replica_->on_signatures_checked(batch, verdicts, now, scratch_);
  take(scratch_, effects);
  if (replica_->standing().height != before) heard_ = now;
}

void Agreement::on_log_synced(std::uint64_t position, base::Duration took, base::Instant now,
                              Effects& effects) {
  replica_->on_sync_time(took);
  replica_->on_durable(position, now, scratch_);
  take(scratch_, effects);
}

void Agreement::on_decisions_read(std::uint64_t request,
                                  const std::vector<StoredDecision>& decisions, base::Instant now,
                                  Effects& effects) {
  std::vector<consensus::Decision> read;
  for (const StoredDecision& stored : decisions) {
    auto block = wire::decode_block(stored.block);
    if (!block) break;
    consensus::Decision decision{.block = std::move(*block), .finalization = {}, .tail = {}};
    if (!stored.proof.empty()) {
      auto proof = wire::decode_decision_proof(stored.proof);
      if (!proof) break;
      decision.finalization = std::move(proof->finalization);
      decision.tail = std::move(proof->tail);
    }
    read.push_back(std::move(decision));
  }
  while (!read.empty() && !read.back().finalization) read.pop_back();
  replica_->on_range_read(request, std::move(read), now, scratch_);
  take(scratch_, effects);
}

void Agreement::on_proposed(ledger::Op draft, base::Instant now, Effects& effects) {
  drafts_.push_back(std::move(draft));
  const std::size_t pending = replica_->pending_ops_of(identity_.id());
  // Users propose again once they have their answers, so as many as had them together come back
  // together, and more of them are not likely to.
  const bool all_here = pending + drafts_.size() == decided_together(decisions_, identity_.id());
  // The more wait for the next block already, the less it matters when one more is signed.
  const auto gather = options_.gather * static_cast<std::int64_t>(1 + pending / ops_per_gather);
  sign_at_ = std::min(sign_at_, now + gather);
  if (all_here || drafts_.size() >= ledger::op_set_max) sign_drafts(now, effects);
}

void Agreement::sign_drafts(base::Instant now, Effects& effects) {
  sign_at_ = base::Instant::never();
  if (drafts_.empty()) return;
  ledger::Op::sign_together(identity_, drafts_);
  std::vector<base::Bytes> ops;
  ops.reserve(drafts_.size());
  for (const ledger::Op& op : drafts_) ops.push_back(op.bytes());
  drafts_.clear();
  replica_->on_own_ops(std::move(ops), now, scratch_);
  take(scratch_, effects);
}

bool Agreement::has_room() const {
  const std::size_t waiting = drafts_.size() + replica_->pending_ops_of(identity_.id());
  return waiting < options_.consensus.author_ops_max;
}

void Agreement::on_liveness(const base::NodeId& peer, bool alive, base::Instant now,
                            Effects& effects) {
  replica_->on_liveness(peer, alive, now, scratch_);
  take(scratch_, effects);
}

void Agreement::on_round_trip(const base::NodeId& peer, base::Duration round_trip) {
  replica_->on_round_trip(peer, round_trip, round_trip / 4);
}

ledger::Op Agreement::draft(ledger::Payload payload) const {
  // The calendar keeps a node that lost its memory above its own past.
  drafted_ =
      std::max({drafted_ + 1, ledger::last_sequence(state(), identity_.id()) + 1, wall_ms()});
  const std::uint64_t base_ms = std::max(wall_ms(), state_->committed().timestamp_ms);
  return ledger::Op::draft(identity_.id(), options_.genesis.mesh, drafted_,
                           base_ms + op_lifetime_ms, std::move(payload));
}

std::optional<ledger::Reason> Agreement::refusal(const ledger::Op& op) const {
  const consensus::Application::Committed& at = state_->committed();
  const consensus::Epoch& epoch = replica_->epoch();
  const ledger::BlockContext next{.height = at.height + 1,
                                  .timestamp_ms = std::max(wall_ms(), at.timestamp_ms + 1),
                                  .epoch = epoch.number(),
                                  .epoch_id = epoch.id(),
                                  .tail = false};
  return ledger::refusal_of(state(), next, crypto::Verified<ledger::Op>::own(op));
}

std::uint64_t Agreement::wall_ms() const {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, wall_.milliseconds));
}

bool Agreement::stale(base::Instant now) const {
  return now - heard_ > 3 * options_.consensus.heartbeat;
}

// ---- effects ----

void Agreement::take(consensus::Effects& from, Effects& effects) {
  // Moved out first: nothing below adds to it, but an index is clearer than an iterator here.
  for (consensus::Effect& effect : from) take(std::move(effect), effects);
  from.clear();
  flush_decisions(effects);
}

void Agreement::take(consensus::Effect&& effect, Effects& effects) {
  base::match(
      std::move(effect),
      [&](consensus::Append&& e) {
        effects.emplace_back(AppendLog{e.position, wire::encode(e.record)});
      },
      [&](consensus::Sync&& e) { effects.emplace_back(SyncLog{e.position}); },
      [&](consensus::RewriteLog&& e) {
        RewriteLog rewrite{.records = {}, .position = e.position};
        for (const consensus::Record& record : e.records) {
          rewrite.records.push_back(wire::encode(record));
        }
        effects.emplace_back(std::move(rewrite));
      },
      [&](consensus::Send&& e) {
        effects.emplace_back(SendAgreement{e.to, wire::encode(e.message)});
      },
      [&](consensus::Broadcast&& e) {
        const base::Bytes frame = wire::encode(e.message);
        for (const consensus::Validator& member : replica_->epoch().committee().members()) {
          if (member.node != identity_.id())
            effects.emplace_back(SendAgreement{member.node, frame});
        }
      },
      [&](consensus::Publish&& e) { publish(e.finalization, effects); },
      [&](consensus::CheckSignatures&& e) {
        effects.emplace_back(CheckSignatures{e.request | agreement_batch, std::move(e.checks)});
      },
      [&](consensus::ReadRange&& e) {
        effects.emplace_back(ReadDecisions{.request = e.request,
                                           .from_height = e.from_height,
                                           .blocks_max = e.blocks_max,
                                           .bytes_max = e.bytes_max});
      },
      [&](consensus::Decided&& e) { take(std::move(e), effects); },
      [&](consensus::EpochStarted&& e) {
        // Before the seal: an epoch whose seal was lost is fetched again, but a seal whose epoch
        // was lost leads nowhere.
        effects.emplace_back(StoreEpoch{e.proof.descriptor.number - 1, wire::encode(e.proof)});
        flush_decisions(effects);
      },
      [&](consensus::Installed&& e) { take(std::move(e), effects); },
      [&](consensus::KeepPiece&& e) {
        effects.emplace_back(KeepPiece{e.piece.index, std::move(e.piece.bytes)});
      },
      [&](consensus::SpendKey&&) { effects.emplace_back(SpendKey{options_.voting_key->id()}); },
      [&](consensus::EvidenceFound&& e) { accuse(e.evidence, effects); },
      [&](consensus::ReadinessHeard&& e) { readiness_heard_.push_back(std::move(e)); },
      [&](consensus::Misbehaved&& e) {
        effects.emplace_back(
            base::Notice{base::Severity::warning,
                         e.peer.short_hex() + " sent " + e.what + "; its links are cut"});
        effects.emplace_back(DropLinks{e.peer});
      },
      [&](consensus::Alarm&& e) { take(e, effects); },
      [&](auto&& e) { effects.emplace_back(std::forward<decltype(e)>(e)); });
}

void Agreement::take(consensus::Decided&& effect, Effects& effects) {
  const consensus::Block& block = *effect.decision.block;
  StoredDecision stored{.height = block.header().height,
                        .epoch = effect.epoch,
                        .block = wire::encode(block),
                        .proof = {},
                        .ops = {},
                        .events = {}};
  if (effect.decision.finalization) {
    stored.proof = wire::encode(wire::DecisionProof{std::move(*effect.decision.finalization),
                                                    std::move(effect.decision.tail)});
  }
  bool policies_changed = false;
  // One for each, in their order, also where a step decides many.
  Applied applied = state_->take_applied(block.hash());
  for (const ledger::Decision& decision : applied.outcome.decisions) {
    stored.ops.push_back(decision.op);
  }
  stored.events = ledger::encode_events(applied.outcome);
  show(applied, effect.epoch);
  for (const ledger::Event& event : applied.outcome.events) {
    heed_doors(event, effects);
    policies_changed = policies_changed || std::holds_alternative<ledger::PolicyChanged>(event) ||
                       std::holds_alternative<ledger::PolicyRemoved>(event);
  }
  for (auto& [key, document] : applied.outcome.changes) {
    changes_.insert_or_assign(key, std::move(document));
  }
  deciding_.push_back(std::move(stored));
  if (policies_changed) tell_policies(effects);
}

void Agreement::take(consensus::Installed&& effect, Effects& effects) {
  flush_decisions(effects);
  changes_.clear();
  const consensus::Block& block = *effect.decision.block;
  StoreState store{.decision = {.height = block.header().height,
                                .epoch = effect.epoch,
                                .block = wire::encode(block),
                                .proof = wire::encode(wire::DecisionProof{
                                    std::move(*effect.decision.finalization), {}}),
                                .ops = {},
                                .events = {}},
                   .passed_over = std::nullopt,
                   .documents = {}};
  for (const base::Bytes& op : block.ops()) store.decision.ops.push_back(*state_->id_of(op));
  if (effect.passed_over_from < store.decision.height) {
    store.passed_over = PassedOver{effect.passed_over_from, store.decision.height - 1};
    passed_over_.push_back(*store.passed_over);
  }
  const ledger::State installed = state_->take_installed();
  CHECK(installed.root() == block.header().state_root);
  for (const ledger::Entry* entry : installed.under("")) {
    store.documents.emplace_back(entry->key, entry->document);
  }
  effects.emplace_back(std::move(store));
  for (const auto& [node, member] : ledger::members_of(state())) {
    if (!ledger::is_welcome(state(), node)) effects.emplace_back(DropLinks{node});
  }
  doors_changed_.emplace();
  tell_policies(effects);
  effects.emplace_back(base::Notice{base::Severity::info,
                                    "agreement: took in the state of height " +
                                        std::to_string(block.header().height) + " as a whole"});
}

// Who may not take part any more hears nothing more over the links that it has.
void Agreement::heed_doors(const ledger::Event& event, Effects& effects) {
  const auto changed = [&](const base::NodeId& node) {
    // Who is in now sees who else is; until then it took everybody for one who may.
    const bool everybody = node == identity_.id() || (doors_changed_ && doors_changed_->empty());
    if (!doors_changed_ || everybody) doors_changed_.emplace();
    if (!everybody) doors_changed_->push_back(node);
  };
  const auto put_out = [&](const base::NodeId& node) {
    changed(node);
    effects.emplace_back(DropLinks{node});
  };
  base::match(
      event, [&](const ledger::MemberAdmitted& e) { changed(e.node); },
      [&](const ledger::MemberLeft& e) { changed(e.node); },
      [&](const ledger::MemberForgotten& e) { changed(e.node); },
      [&](const ledger::MemberEvicted& e) { put_out(e.node); },
      [&](const ledger::IdentityRevoked& e) { put_out(e.node); }, [](const auto&) {});
}

// All decisions of one step are one transaction, since the proof of the last is that of all.
void Agreement::flush_decisions(Effects& effects) {
  if (deciding_.empty()) return;
  StoreDecisions store{.decisions = std::exchange(deciding_, {}), .changes = {}};
  for (auto& [key, document] : std::exchange(changes_, {})) {
    store.changes.emplace_back(key, std::move(document));
  }
  effects.emplace_back(std::move(store));
}

void Agreement::tell_policies(Effects& effects) const {
  DecidedPolicies decided;
  for (auto& [name, policy] : ledger::policies_of(state())) {
    decided.policies.push_back({.name = name,
                                .scope = policy.scope,
                                .yaml = policy.yaml,
                                .local_may_override = policy.local_may_override});
  }
  effects.emplace_back(std::move(decided));
}

// What is new to us may be new to others: each that learns of it tells a few.
void Agreement::publish(const consensus::Certificate& finalization, Effects& effects) {
  if (!observers_) return;
  const base::Bytes frame = wire::encode(consensus::Message(finalization));
  for (const base::NodeId& node : observers_(options_.fanout)) {
    effects.emplace_back(SendAgreement{node, frame});
  }
}

void Agreement::take(const consensus::Alarm& alarm, Effects& effects) {
  ++alarms_;
  last_alarm_ = alarm.text;
  effects.emplace_back(base::Notice{base::Severity::error, "agreement: " + alarm.text});
}

void Agreement::show(const Applied& applied, std::uint64_t epoch) {
  std::uint32_t place = 0;
  for (const ledger::Decision& decision : applied.outcome.decisions) {
    const auto first =
        applied.outcome.events.begin() + static_cast<std::ptrdiff_t>(decision.first_event);
    decisions_.push_back({.op = decision.op,
                          .author = decision.author,
                          .kind = decision.kind,
                          .height = applied.height,
                          .epoch = epoch,
                          .timestamp_ms = applied.timestamp_ms,
                          .place = place++,
                          .block = applied.block,
                          .events = {first, first + static_cast<std::ptrdiff_t>(decision.events)}});
    ++decided_;
    if (decisions_.size() > options_.decisions_kept) decisions_.pop_front();
  }
}

}  // namespace kernel
