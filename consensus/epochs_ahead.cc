#include "consensus/epochs_ahead.h"

#include "base/check.h"

#include <iterator>
#include <utility>

namespace consensus {

const Epoch* EpochsAhead::find(EpochNumber number) const {
  if (epochs_.empty() || number < epochs_.front().number()) return nullptr;
  const EpochNumber at = number - epochs_.front().number();
  return at < epochs_.size() ? &epochs_[static_cast<std::size_t>(at)] : nullptr;
}

void EpochsAhead::add(EpochProof proof) {
  CHECK(room() > 0);
  CHECK(epochs_.empty() || proof.descriptor.number == epochs_.back().number() + 1);
  epochs_.emplace_back(proof.descriptor);
  proofs_.push_back(std::move(proof));
}

void EpochsAhead::on_accepted(EpochNumber number) {
  while (!epochs_.empty() && epochs_.front().number() <= number) {
    epochs_.pop_front();
    proofs_.pop_front();
  }
}

std::vector<EpochProof> EpochsAhead::take() {
  std::vector<EpochProof> all(std::make_move_iterator(proofs_.begin()),
                              std::make_move_iterator(proofs_.end()));
  epochs_.clear();
  proofs_.clear();
  return all;
}

}  // namespace consensus
