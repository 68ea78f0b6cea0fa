// A snapshot on its way in, from the node that offered it: one question at a time, each answered by
// at most a range's bytes, so that neither side holds more than that; a piece that is larger comes
// in parts. What came stays when its server falls silent or lies, and what the last run kept on
// disk counts as well: of the next offer only pieces are asked for that are not here.
#pragma once

#include "base/ids.h"
#include "base/time.h"
#include "consensus/effect.h"
#include "consensus/message.h"
#include "consensus/options.h"
#include "consensus/outbox.h"
#include "consensus/state_transfer.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace consensus {

class SnapshotFetch {
 public:
  explicit SnapshotFetch(const Options& options) : options_(options) {}

  // Of the last run.
  void restore(std::vector<KeptPiece> kept) { kept_ = std::move(kept); }
  // The offer was verified, and `intake` begun with its manifest.
  void start(const base::NodeId& from, SnapshotOffer offer, std::unique_ptr<StateIntake> intake);
  // False: a piece is not what the manifest says.
  [[nodiscard]] bool on_pieces(const base::NodeId& from, const Pieces& pieces, Effects& effects);
  void on_time(base::Duration delay, base::Instant now, Outbox& outbox, Effects& effects);
  [[nodiscard]] base::Instant next_deadline() const;
  // Nobody is asked any more; what came stays.
  void abandon() { offer_.reset(); }

  [[nodiscard]] bool active() const { return offer_.has_value(); }
  [[nodiscard]] bool complete() const;
  // Of an earlier offer, for the next one.
  [[nodiscard]] std::unique_ptr<StateIntake> take_intake() { return std::move(intake_); }
  // Once it is complete: both, and nothing is under way then.
  [[nodiscard]] SnapshotOffer take_offer();

 private:
  [[nodiscard]] bool take_part(const Piece& piece, Effects& effects);

  const Options& options_;
  base::NodeId server_;
  std::optional<SnapshotOffer> offer_;
  std::unique_ptr<StateIntake> intake_;
  std::vector<KeptPiece> kept_;       // of the last run, until the first offer
  std::optional<KeptPiece> partial_;  // its first bytes
  std::uint32_t unanswered_ = 0;
  base::Instant ask_at_;
};

}  // namespace consensus
