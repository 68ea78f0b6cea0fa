// What a node knows of one view above the highest final one. CONSENSUS 3.4.
#pragma once

#include "base/ids.h"
#include "base/time.h"
#include "consensus/block.h"
#include "consensus/certificate.h"
#include "consensus/tally.h"
#include "consensus/vote.h"
#include "crypto/identity.h"

#include <optional>
#include <vector>

namespace consensus {

struct ViewState {
  // The first body that came with the leader's signature; its bytes are in the tree.
  struct Proposed {
    base::Digest block;
    crypto::Signature leader_signature;
    base::Instant at;  // when it came, or was made
  };
  std::optional<Proposed> proposed;
  Tally notarize;  // our own votes enter once they are durable
  Tally finalize;
  Tally nullify;
  // Of which a certificate is here without them: nobody needs them, and so nobody checked them.
  // Kept for what they would show beside a contradicting one; of each signer at most one of a kind.
  std::vector<Vote> unchecked;
  std::optional<Certificate> notarization;
  std::optional<Certificate> nullification;
  // Our own promises; they are remembered until the view is at or below the final one (R3).
  std::optional<base::Digest> my_notarize;
  std::optional<base::Digest> my_finalize;
  bool my_nullify = false;

  [[nodiscard]] Tally& tally(VoteKind kind) {
    switch (kind) {
      case VoteKind::notarize:
        return notarize;
      case VoteKind::finalize:
        return finalize;
      case VoteKind::nullify:
        break;
    }
    return nullify;
  }
  [[nodiscard]] const std::optional<Certificate>& certificate(VoteKind kind) const {
    return kind == VoteKind::notarize ? notarization : nullification;
  }
};

}  // namespace consensus
