#include "consensus/snapshot_fetch.h"

#include "base/check.h"

#include <algorithm>
#include <utility>

namespace consensus {

void SnapshotFetch::start(const base::NodeId& from, SnapshotOffer offer,
                          std::unique_ptr<StateIntake> intake) {
  server_ = from;
  offer_ = std::move(offer);
  intake_ = std::move(intake);
  // Those of another state are refused, and asked for again.
  for (const KeptPiece& piece : std::exchange(kept_, {})) {
    static_cast<void>(intake_->on_piece(piece.index, piece.bytes));
  }
  partial_.reset();
  unanswered_ = 0;
  ask_at_ = {};
}

bool SnapshotFetch::take_part(const Piece& piece, Effects& effects) {
  if (piece.size > options_.piece_bytes_max || piece.offset > piece.size ||
      piece.bytes.size() > piece.size - piece.offset) {
    return false;
  }
  if (piece.offset == 0) partial_ = KeptPiece{.index = piece.index, .bytes = {}};
  const bool follows =
      partial_ && partial_->index == piece.index && partial_->bytes.size() == piece.offset;
  if (!follows) return true;  // of an answer that came twice
  partial_->bytes.insert(partial_->bytes.end(), piece.bytes.begin(), piece.bytes.end());
  if (partial_->bytes.size() < piece.size) return true;
  const KeptPiece whole = *std::exchange(partial_, std::nullopt);
  if (!intake_->on_piece(whole.index, whole.bytes)) return false;
  effects.push_back(KeepPiece{.piece = whole});
  return true;
}

bool SnapshotFetch::on_pieces(const base::NodeId& from, const Pieces& pieces, Effects& effects) {
  if (!offer_ || from != server_) return true;
  if (pieces.root != offer_->block->header().state_root) return true;
  unanswered_ = 0;
  ask_at_ = {};
  return std::all_of(pieces.pieces.begin(), pieces.pieces.end(),
                     [&](const Piece& piece) { return take_part(piece, effects); });
}

void SnapshotFetch::on_time(base::Duration delay, base::Instant now, Outbox& outbox,
                            Effects& effects) {
  if (!offer_ || ask_at_ > now || complete()) return;
  if (unanswered_ >= options_.snapshot_attempts_max) return abandon();
  ++unanswered_;
  ask_at_ = now + std::max(options_.snapshot_patience, 8 * delay);
  GetPieces question{.root = offer_->block->header().state_root, .pieces = {}, .offset = 0};
  question.pieces = intake_->missing(options_.pieces_asked_max);
  if (partial_ && partial_->index == question.pieces.front()) {
    question.offset = static_cast<std::uint32_t>(partial_->bytes.size());
  }
  outbox.send(server_, std::move(question), effects);
}

base::Instant SnapshotFetch::next_deadline() const {
  return offer_ ? ask_at_ : base::Instant::never();
}

bool SnapshotFetch::complete() const {
  return offer_ && intake_->missing(1).empty();
}

SnapshotOffer SnapshotFetch::take_offer() {
  CHECK(complete());
  partial_.reset();
  return *std::exchange(offer_, std::nullopt);
}

}  // namespace consensus
