// B21: liars below the level of messages. What they send is encoded, changed, and decoded as its
// reader would; what the reader refuses is never heard of.
#pragma once

#include "base/bytes.h"
#include "base/rng.h"
#include "sim/agreement/byzantine/strategy.h"

namespace sim::agreement {

// Flipped bits, a shorter or longer end, words that point elsewhere or claim huge lists, another
// message's middle.
[[nodiscard]] base::Bytes mutated(base::Bytes bytes, base::Rng& rng);

class ByteMutator final : public Strategy {
 public:
  bool on_send(Villain& villain, std::uint32_t to, consensus::Message& message) override;
};

}  // namespace sim::agreement
