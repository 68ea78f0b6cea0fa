// The committee of the next epoch (CONSENSUS 3.9) and evidence against one of its members (3.14).
#pragma once

#include "base/ids.h"
#include "crypto/identity.h"
#include "ledger/op_kind.h"
#include "ledger/terms.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace ledger {

// "I am synced and hold the key of this seat", signed with that key.
struct Ready {
  std::uint16_t seat = 0;  // of the new committee
  std::uint64_t not_after_height = 0;
  crypto::Signature signature;
  bool operator==(const Ready&) const = default;
};
// The committee and the parameters of the next epoch (CONSENSUS 3.9).
struct Reconfigure {
  static constexpr OpKind kind = OpKind::reconfigure;
  base::Digest epoch_id;  // of the epoch that this ends; the attestations cover it
  Seats seats;
  Parameters parameters;
  std::vector<Ready> ready;  // ascending by seat
  bool operator==(const Reconfigure&) const = default;
  void write(Writer& out) const;
  [[nodiscard]] static Reconfigure read(Reader& in);
};

// A vote as evidence has it. The numbers of kinds are those of CONSENSUS 3.2.
enum class VoteKind : std::uint8_t { notarize = 1, finalize = 2, nullify = 3 };
struct EvidenceVote {
  VoteKind kind = VoteKind::notarize;
  base::Digest block;  // zero for nullify
  crypto::Signature signature;
  bool operator==(const EvidenceVote&) const = default;
};
// What two votes of one signer in one view prove (CONSENSUS 3.14).
enum class Equivocation : std::uint8_t {
  notarized_two = 1,
  finalized_two,
  finalized_and_nullified
};
[[nodiscard]] std::string_view name_of(Equivocation proven);
struct ReportEvidence {
  static constexpr OpKind kind = OpKind::report_evidence;
  std::uint64_t epoch = 0;
  base::Digest epoch_id;
  std::uint64_t view = 0;
  Seat signer;
  // Of one kind with ascending blocks, or finalize and nullify: a pair has one encoding.
  EvidenceVote first;
  EvidenceVote second;
  bool operator==(const ReportEvidence&) const = default;
  [[nodiscard]] std::optional<Equivocation> proves() const;
  void write(Writer& out) const;
  [[nodiscard]] static ReportEvidence read(Reader& in);
};

}  // namespace ledger
