#include "crypto/replay_window.h"

#include "base/check.h"

namespace crypto {

namespace {

std::size_t word_of(std::uint64_t counter) {
  return static_cast<std::size_t>(counter % ReplayWindow::width / 64);
}
std::uint64_t bit_of(std::uint64_t counter) {
  return std::uint64_t{1} << (counter % 64);
}

}  // namespace

bool ReplayWindow::fresh(const SealNonce& nonce) const {
  if (!started_ || nonce.epoch > epoch_) return true;
  if (nonce.epoch < epoch_) return false;
  if (nonce.counter > highest_) return true;
  if (highest_ - nonce.counter >= width) return false;
  return (taken_[word_of(nonce.counter)] & bit_of(nonce.counter)) == 0;
}

void ReplayWindow::start_at(std::uint32_t epoch) {
  if (started_ && epoch <= epoch_) return;
  started_ = true;
  epoch_ = epoch;
  highest_ = 0;
  taken_.fill(0);
}

void ReplayWindow::commit(const SealNonce& nonce) {
  CHECK(fresh(nonce));
  if (!started_ || nonce.epoch > epoch_) {
    started_ = true;
    epoch_ = nonce.epoch;
    highest_ = nonce.counter;
    taken_.fill(0);
  } else if (nonce.counter > highest_) {
    slide_to(nonce.counter);
  }
  taken_[word_of(nonce.counter)] |= bit_of(nonce.counter);
}

void ReplayWindow::slide_to(std::uint64_t counter) {
  if (counter - highest_ >= width) {
    taken_.fill(0);
  } else {
    for (std::uint64_t c = highest_ + 1; c <= counter; ++c) taken_[word_of(c)] &= ~bit_of(c);
  }
  highest_ = counter;
}

}  // namespace crypto
