// All epochs that this node has accepted, from the first, with the proof that each one ended. An
// accepted epoch is never replaced. CONSENSUS 3.9, 3.10.
#pragma once

#include "base/ids.h"
#include "base/result.h"
#include "consensus/certificate.h"
#include "consensus/epoch.h"
#include "consensus/message.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace consensus {

// The hash chain of a proof (seal, tail, what the finalization names), and that the descriptor
// follows from it. What is left to check are the signatures of the finalization. Nothing if all is
// well, or what is wrong.
[[nodiscard]] std::optional<std::string> fault_of(const EpochProof& proof, const Epoch& ended);

// The epoch that a seal begins.
[[nodiscard]] EpochDescriptor next_descriptor(const Epoch& ended, const base::Digest& seal_hash,
                                              Height seal_height, const NextEpoch& next);

class Epochs {
 public:
  // A small quorum only for tests of the checkers (Weakness::small_quorum).
  explicit Epochs(EpochDescriptor first, bool small_quorum = false);

  [[nodiscard]] const Epoch& newest() const { return epochs_.back(); }
  // By number; null if we do not know it.
  [[nodiscard]] const Epoch* find(EpochNumber number) const;
  [[nodiscard]] const Epoch* find(const base::Digest& id) const;
  // That epoch `number` ended; null if we do not know that.
  [[nodiscard]] const EpochProof* end_of(EpochNumber number) const;
  [[nodiscard]] std::vector<EpochProof> proofs_from(EpochNumber number, std::size_t max) const;
  // Follows on the newest; the caller has checked the proof.
  const Epoch& add(EpochProof proof);

 private:
  bool small_quorum_;
  std::deque<Epoch> epochs_;        // in order from 0; a deque, so that references stay
  std::vector<EpochProof> proofs_;  // i: epoch i ended
};

}  // namespace consensus
