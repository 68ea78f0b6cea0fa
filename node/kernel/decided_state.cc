#include "node/kernel/decided_state.h"

#include "base/check.h"
#include "consensus/statements.h"
#include "crypto/digest.h"
#include "ledger/snapshot.h"
#include "ledger/view.h"

#include <string>
#include <utility>

namespace kernel {

namespace {

ledger::BlockContext context_of(const consensus::BlockContext& at) {
  return {.height = at.height,
          .timestamp_ms = at.timestamp_ms,
          .epoch = at.epoch,
          .epoch_id = at.epoch_id,
          .tail = at.tail};
}

consensus::Executed executed_of(const ledger::Outcome& outcome) {
  consensus::Executed out{.state_root = outcome.state.root(), .next_epoch = std::nullopt};
  if (outcome.next) {
    out.next_epoch = consensus::NextEpoch{.committee = committee_of(outcome.next->seats),
                                          .parameters = parameters_of(outcome.next->parameters)};
  }
  return out;
}

class ImageOfLedger final : public consensus::StateImage {
 public:
  explicit ImageOfLedger(ledger::State state) : state_(std::move(state)) {}
  [[nodiscard]] base::Bytes manifest() const override { return ledger::encode_manifest(state_); }
  [[nodiscard]] base::Bytes piece(consensus::PieceIndex index) const override {
    if (index >= ledger::State::bucket_count) return {};
    return ledger::encode_bucket(state_.bucket(index));
  }

 private:
  const ledger::State state_;
};

class IntakeOfLedger final : public consensus::StateIntake {
 public:
  explicit IntakeOfLedger(ledger::Snapshot snapshot) : snapshot_(std::move(snapshot)) {}
  [[nodiscard]] bool on_piece(consensus::PieceIndex index, base::ByteView bytes) override {
    const auto taken = snapshot_.on_bucket(index, bytes);
    return taken || taken.error() == ledger::SnapshotError::unasked;
  }
  [[nodiscard]] std::vector<consensus::PieceIndex> missing(std::size_t max) const override {
    std::vector<consensus::PieceIndex> out;
    for (const std::size_t index : snapshot_.missing(max)) {
      out.push_back(static_cast<consensus::PieceIndex>(index));
    }
    return out;
  }
  [[nodiscard]] const ledger::Snapshot& snapshot() const { return snapshot_; }

 private:
  ledger::Snapshot snapshot_;
};

}  // namespace

consensus::Parameters parameters_of(const ledger::Parameters& in) {
  return {.version = in.version,
          .block_bytes_max = in.block_bytes_max,
          .block_ops_max = in.block_ops_max};
}

consensus::Committee committee_of(const ledger::Seats& seats) {
  std::vector<consensus::Validator> members;
  members.reserve(seats.size());
  for (const ledger::Seat& seat : seats) {
    members.push_back(
        {.node = seat.node, .vote_key = *base::NodeId::from_view(seat.vote_key.view())});
  }
  const auto committee = consensus::Committee::of(std::move(members));
  CHECK(committee.has_value());  // the ledger takes no other seats
  return *committee;
}

crypto::Statement StatementsOfAgreement::vote(const base::Digest& epoch_id, std::uint64_t view,
                                              const ledger::EvidenceVote& vote) const {
  return consensus::vote_statement(static_cast<consensus::VoteKind>(vote.kind), epoch_id, view,
                                   vote.block);
}

crypto::Statement StatementsOfAgreement::ready(const base::Digest& epoch_id,
                                               const ledger::Seats& next,
                                               const ledger::Parameters& parameters,
                                               std::uint64_t not_after_height) const {
  return consensus::ready_statement(
      epoch_id, {.committee = committee_of(next), .parameters = parameters_of(parameters)},
      not_after_height);
}

DecidedState::DecidedState(const base::MeshId& mesh, const Committed& at, ledger::State state,
                           std::uint64_t salt)
    : read_(mesh, {.salt = salt}), overlays_(at.block, std::move(state)), committed_(at) {
  CHECK(overlays_.decided().root() == at.state_root);
}

Applied DecidedState::take_applied(const base::Digest& block) {
  CHECK(!applied_.empty());
  Applied next = std::move(applied_.front());
  applied_.pop_front();
  CHECK(next.block == block);
  return next;
}

ledger::State DecidedState::take_installed() {
  CHECK(installed_);
  return *std::exchange(installed_, std::nullopt);
}

std::optional<consensus::OpSummary> DecidedState::summarize(base::ByteView bytes) const {
  const auto op = read_.read(bytes);
  if (!op) return std::nullopt;
  constexpr auto first = static_cast<std::uint8_t>(ledger::OpClass::governance);
  return consensus::OpSummary{.id = op->id(),
                              .author = op->author(),
                              .sequence = op->sequence(),
                              .not_after_ms = op->not_after_ms(),
                              .op_class = static_cast<consensus::OpClass>(
                                  static_cast<std::uint8_t>(op->op_class()) - first)};
}

std::optional<base::Digest> DecidedState::id_of(base::ByteView op) const {
  if (op.size() < ledger::op_head_size) return std::nullopt;
  if (const auto known = read_.id_of(op)) return known;
  return crypto::digest(op.first(ledger::op_preimage_size));
}

// Agreement had its signatures checked before it hands over an op's bytes.
std::optional<crypto::Verified<ledger::Op>> DecidedState::checked(base::ByteView bytes) const {
  auto op = read_.read(bytes);
  if (!op) return std::nullopt;
  return crypto::Verified<ledger::Op>::admit_all(std::move(*op), {});
}

void DecidedState::append_checks(base::ByteView bytes,
                                 std::vector<crypto::SignatureCheck>& checks) const {
  const auto op = read_.read(bytes);
  if (op) op->append_checks(statements_, checks);
}

bool DecidedState::eligible(const consensus::BlockContext& at, base::ByteView bytes) const {
  const auto op = checked(bytes);
  if (!op) return false;
  // Most that are asked about stand in a block that is not decided yet.
  if ((*op)->sequence() <= ledger::last_sequence(overlays_.state_of(at.parent), (*op)->author())) {
    return false;
  }
  return !overlays_.refusal_of(at.parent, context_of(at), *op);
}

consensus::Selected DecidedState::select(const consensus::BlockContext& at,
                                         std::span<const base::ByteView> candidates) {
  std::vector<crypto::Verified<ledger::Op>> ops;
  std::vector<std::size_t> places;  // of these among the candidates
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    auto op = checked(candidates[i]);
    if (!op) continue;
    ops.push_back(std::move(*op));
    places.push_back(i);
  }
  consensus::Selected out;
  const auto selection = overlays_.select(at.parent, context_of(at), ops);
  CHECK(selection.has_value());  // the epoch of the block is agreement's, and fits
  for (const std::size_t taken : selection->taken) out.taken.push_back(places[taken]);
  out.executed = executed_of(selection->outcome);
  return out;
}

base::Result<consensus::Executed, consensus::Rejected> DecidedState::execute(
    const base::Digest& block, const consensus::BlockContext& at,
    std::span<const base::Bytes> ops) {
  std::vector<crypto::Verified<ledger::Op>> verified;
  verified.reserve(ops.size());
  for (std::size_t i = 0; i < ops.size(); ++i) {
    auto op = checked(ops[i]);
    if (!op) return base::Unexpected{consensus::Rejected{"op " + std::to_string(i) + " is no op"}};
    verified.push_back(std::move(*op));
  }
  const auto outcome = overlays_.execute(block, at.parent, context_of(at), verified);
  if (!outcome) {
    return base::Unexpected{consensus::Rejected{"op " + std::to_string(outcome.error().op) + ": " +
                                                std::string(name_of(outcome.error().reason))}};
  }
  pending_[block] = {at.height, at.timestamp_ms};
  return executed_of(**outcome);
}

void DecidedState::commit(const base::Digest& block) {
  const auto place = pending_.extract(block);
  CHECK(!place.empty());
  ledger::Outcome outcome = overlays_.decide(block);
  committed_ = {.block = block,
                .height = place.mapped().first,
                .timestamp_ms = place.mapped().second,
                .state_root = outcome.state.root()};
  applied_.push_back({.block = block,
                      .height = committed_.height,
                      .timestamp_ms = committed_.timestamp_ms,
                      .outcome = std::move(outcome)});
}

std::unique_ptr<consensus::StateImage> DecidedState::image() const {
  return std::make_unique<ImageOfLedger>(state());
}

std::unique_ptr<consensus::StateIntake> DecidedState::begin_intake(
    const base::Digest& root, base::ByteView manifest,
    std::unique_ptr<consensus::StateIntake> earlier) {
  auto begun = ledger::Snapshot::begin(root, manifest);
  if (!begun) return nullptr;
  begun->reuse(state());
  if (earlier) begun->reuse(dynamic_cast<IntakeOfLedger&>(*earlier).snapshot());
  return std::make_unique<IntakeOfLedger>(std::move(*begun));
}

void DecidedState::install(std::unique_ptr<consensus::StateIntake> intake, const Committed& at) {
  ledger::State state = dynamic_cast<IntakeOfLedger&>(*intake).snapshot().state();
  CHECK(state.root() == at.state_root);
  installed_ = state;
  overlays_ = ledger::Overlays(at.block, std::move(state));
  pending_.clear();
  committed_ = at;
}

void DecidedState::discard(const base::Digest& block) {
  pending_.erase(block);
  overlays_.discard(block);
}

}  // namespace kernel
