// Is it me? A node that misses answers which it should get, or whose own timer fires late, doubts
// itself before it doubts others. Lifeguard (section IV-A) stretches timeouts by the score; a
// starved node moreover says nothing bad about anybody until it has lived through a calm period.
#pragma once

#include "base/time.h"
#include "gossip/options.h"

#include <cstdint>

namespace gossip {

class LocalHealth {
 public:
  explicit LocalHealth(const Options& options) : options_(options) {}

  // How long a packet lay in the queue before it is looked at. Whatever came before it was seen.
  void on_waited(base::Duration waited, base::Instant now);
  // How old the packets are that are looked at now.
  [[nodiscard]] base::Duration lag(base::Instant now) const;
  // More comes than this node has the time for, and not just for a moment.
  [[nodiscard]] bool behind(base::Instant now) const;

  // At every input: `due` is the deadline that was armed. True if this is a new starvation:
  // outstanding verdicts are worth nothing.
  bool on_input(base::Instant due, base::Instant now);
  void on_probe_answered() { score_ -= score_ > 0 ? 1 : 0; }
  void on_missed_nacks(std::uint32_t count);
  void on_refutation() { on_missed_nacks(1); }

  [[nodiscard]] std::uint32_t score() const { return score_; }
  [[nodiscard]] std::uint32_t multiplier() const { return 1 + score_; }
  [[nodiscard]] bool catching_up(base::Instant now) const { return now < calm_at_; }
  [[nodiscard]] base::Instant calm_at() const { return calm_at_; }

 private:
  const Options options_;
  std::uint32_t score_ = 0;  // <= options_.health_max
  base::Instant calm_at_;    // until then this node is catching up
  base::Duration waited_{};  // of the last packet, at
  base::Instant waited_at_;
  base::Instant behind_since_ = base::Instant::never();  // no packet was fresh since
};

}  // namespace gossip
