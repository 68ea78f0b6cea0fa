// One validator's vote. A correct one casts at most one notarize and one finalize per view, and
// never both finalize and nullify (CONSENSUS S1); its guard sees to that.
#pragma once

#include "base/ids.h"
#include "consensus/epoch.h"
#include "crypto/identity.h"
#include "crypto/verified.h"

#include <compare>
#include <cstdint>

namespace consensus {

enum class VoteKind : std::uint8_t {
  notarize = 1,  // "valid, and the first that I saw in this view"
  finalize = 2,  // "notarized, and I did not nullify this view and never will"
  nullify = 3,   // "this view brought nothing"; names no block
};

struct Vote {
  VoteKind kind = VoteKind::notarize;
  EpochNumber epoch = 0;
  View view = 0;
  base::Digest block;  // zero for nullify
  SignerIndex signer = 0;
  crypto::Signature signature;
  bool operator==(const Vote&) const = default;
};

// The same statement: which bytes the signature has does not matter.
[[nodiscard]] inline bool says_the_same(const Vote& a, const Vote& b) {
  return a.kind == b.kind && a.epoch == b.epoch && a.view == b.view && a.block == b.block &&
         a.signer == b.signer;
}

// No correct validator casts both (3.14): E1 two notarize, E2 two finalize, E3 finalize and
// nullify, by one signer in one view of one epoch.
[[nodiscard]] bool contradict(const Vote& a, const Vote& b);

// The signer must be a member of the epoch.
[[nodiscard]] crypto::SignatureCheck check_of(const Vote& vote, const Epoch& epoch);

}  // namespace consensus
