// The votes of one kind in one view, at most one for each signer: the first wins, and a second one
// that says something else is evidence. CONSENSUS 3.4, 3.14.
#pragma once

#include "base/ids.h"
#include "consensus/certificate.h"
#include "consensus/epoch.h"
#include "consensus/vote.h"
#include "crypto/verified.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace consensus {

class Tally {
 public:
  // The first vote of its signer. False if there is one already; find() says which.
  bool add(const crypto::Verified<Vote>& vote, std::size_t members);
  [[nodiscard]] const Vote* find(SignerIndex signer) const;
  // How many say this.
  [[nodiscard]] std::size_t count(const base::Digest& block) const;
  // Of all votes for that block. Nothing below a quorum.
  [[nodiscard]] std::optional<Certificate> certificate(const base::Digest& block,
                                                       const Epoch& epoch) const;
  [[nodiscard]] bool empty() const { return votes_.empty(); }
  void clear() { votes_.clear(); }

 private:
  std::vector<std::optional<Vote>> votes_;  // by signer; empty until the first
};

}  // namespace consensus
