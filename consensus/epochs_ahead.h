// Epochs that are proven and whose seals were not executed: the way to a snapshot that lies more of
// them ahead than an offer proves. Each follows on the one before it; none counts before the state
// is here. CONSENSUS 3.9, 3.10.
#pragma once

#include "consensus/epoch.h"
#include "consensus/message.h"
#include "consensus/options.h"

#include <cstddef>
#include <deque>
#include <vector>

namespace consensus {

class EpochsAhead {
 public:
  explicit EpochsAhead(const Options& options) : options_(options) {}

  [[nodiscard]] std::size_t size() const { return proofs_.size(); }
  [[nodiscard]] std::size_t room() const { return options_.epochs_ahead_max - size(); }
  [[nodiscard]] const Epoch& newest(const Epoch& accepted) const {
    return epochs_.empty() ? accepted : epochs_.back();
  }
  [[nodiscard]] const Epoch* find(EpochNumber number) const;

  // Follows on the newest; the caller has checked the proof, and that there is room.
  void add(EpochProof proof);
  // That epoch began here: what led to it is of no use any more.
  void on_accepted(EpochNumber number);
  // All of them, in order; none are left.
  [[nodiscard]] std::vector<EpochProof> take();

 private:
  const Options& options_;
  std::deque<Epoch> epochs_;       // consecutive
  std::deque<EpochProof> proofs_;  // i: how epochs_[i] began
};

}  // namespace consensus
