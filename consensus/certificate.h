// A certificate: a quorum's votes for one statement, as one word of signers and their signatures in
// ascending order. Anybody checks it with the epoch's descriptor alone. CONSENSUS 3.3.
#pragma once

#include "base/ids.h"
#include "consensus/epoch.h"
#include "consensus/vote.h"
#include "crypto/identity.h"
#include "crypto/verified.h"

#include <cstdint>
#include <vector>

namespace consensus {

// Notarization, finalization or nullification, by the kind of its votes.
struct Certificate {
  VoteKind kind = VoteKind::notarize;
  EpochNumber epoch = 0;
  View view = 0;
  base::Digest block;         // zero for a nullification
  std::uint64_t signers = 0;  // bit i: signer index i
  std::vector<crypto::Signature> signatures;
  bool operator==(const Certificate&) const = default;
};

// All that can be seen without looking at a signature: known kind, this epoch, view above 0, no bit
// beyond the members, a quorum of them, one signature for each.
[[nodiscard]] bool well_formed(const Certificate& certificate, const Epoch& epoch);

// Every one of its votes, in ascending order of signers; of a well-formed one.
[[nodiscard]] std::vector<Vote> votes_of(const Certificate& certificate);

// All of its signatures, without an early end once a quorum is found. Of a well-formed one.
void append_checks(const Certificate& certificate, const Epoch& epoch,
                   std::vector<crypto::SignatureCheck>& checks);

}  // namespace consensus
