// Opinions as data (CONSENSUS 3.8): a question, who may answer, how many have to agree, until when,
// and what happens then. A validator's vote never says more than "valid, and first".
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "ledger/op_kind.h"
#include "ledger/terms.h"

#include <cstdint>
#include <optional>
#include <string>

namespace ledger {

// What happens once enough agree: the payload of another op.
struct Effect {
  OpKind kind = OpKind::put_document;
  base::Bytes payload;
  bool operator==(const Effect&) const = default;
};
struct OpenBallot {
  static constexpr OpKind kind = OpKind::open_ballot;
  std::string question;
  Electorate electorate;
  std::uint32_t agree_needed = 1;
  std::uint64_t until_ms = 0;    // the last timestamp of a block in which votes count
  std::optional<Effect> effect;  // without one the ballot is an answer and no more
  bool operator==(const OpenBallot&) const = default;
  void write(Writer& out) const;
  [[nodiscard]] static OpenBallot read(Reader& in);
};
struct CastBallot {
  static constexpr OpKind kind = OpKind::cast_ballot;
  base::Digest ballot;  // the id of the op that opened it
  Choice choice = Choice::agree;
  bool operator==(const CastBallot&) const = default;
  void write(Writer& out) const;
  [[nodiscard]] static CastBallot read(Reader& in);
};
struct WithdrawBallot {
  static constexpr OpKind kind = OpKind::withdraw_ballot;
  base::Digest ballot;
  bool operator==(const WithdrawBallot&) const = default;
  void write(Writer& out) const;
  [[nodiscard]] static WithdrawBallot read(Reader& in);
};

}  // namespace ledger
