// The application's state in pieces, for those who are too far behind for blocks (CONSENSUS 3.10).
// The manifest gives the state root of a finalized block, and each piece is held against it, so
// pieces may come from anybody.
#pragma once

#include "base/bytes.h"

#include <cstdint>
#include <vector>

namespace consensus {

using PieceIndex = std::uint32_t;

struct KeptPiece {
  PieceIndex index = 0;
  base::Bytes bytes;
};

// A state as it was; it does not change when more is decided.
class StateImage {
 public:
  StateImage() = default;
  StateImage(const StateImage&) = delete;
  StateImage& operator=(const StateImage&) = delete;
  virtual ~StateImage() = default;

  [[nodiscard]] virtual base::Bytes manifest() const = 0;
  // Empty: there is no such piece.
  [[nodiscard]] virtual base::Bytes piece(PieceIndex index) const = 0;
};

// A state that comes in.
class StateIntake {
 public:
  StateIntake() = default;
  StateIntake(const StateIntake&) = delete;
  StateIntake& operator=(const StateIntake&) = delete;
  virtual ~StateIntake() = default;

  // False: it is not what the manifest says. One that is here already is harmless.
  [[nodiscard]] virtual bool on_piece(PieceIndex index, base::ByteView bytes) = 0;
  // Ascending, at most `max`.
  [[nodiscard]] virtual std::vector<PieceIndex> missing(std::size_t max) const = 0;
};

}  // namespace consensus
