// Which datagrams of one sender were taken already (RFC 6479's sliding bitmap): a counter counts
// once, and only while it is among the newest `width`. The sender's epoch grows at every start of
// it; the first authentic datagram of a newer epoch ends the older one for good.
//
// Asking and remembering are apart: fresh() before the seal is opened, commit() after, so that
// forged numbers never move the window.
#pragma once

#include "crypto/sealed.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace crypto {

class ReplayWindow {
 public:
  static constexpr std::uint64_t width = 1024;

  [[nodiscard]] bool fresh(const SealNonce& nonce) const;
  // Nothing of older epochs is fresh any more; a lower or equal one changes nothing.
  void start_at(std::uint32_t epoch);
  // Of a nonce that is fresh() and authentic.
  void commit(const SealNonce& nonce);

 private:
  void slide_to(std::uint64_t counter);

  bool started_ = false;
  std::uint32_t epoch_ = 0;
  std::uint64_t highest_ = 0;  // of epoch_
  // Bit c % width: counter c was taken, for the `width` counters up to highest_.
  std::array<std::uint64_t, width / 64> taken_{};
};

}  // namespace crypto
