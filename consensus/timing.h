// How long a view may take: pure functions of the delay estimate D and of public progress, so that
// back-off can neither be forgotten nor reset wrongly. CONSENSUS 3.6.
#pragma once

#include "base/time.h"
#include "consensus/epoch.h"
#include "consensus/options.h"

#include <cstddef>
#include <map>
#include <optional>

namespace consensus {

class Timing {
 public:
  explicit Timing(const Options& options) : options_(options) {}

  // What probes of that member showed; srtt + 4 rttvar.
  void on_rtt(SignerIndex member, base::Duration srtt, base::Duration variance);
  void on_sync_time(base::Duration p99) { sync_time_ = p99; }
  void forget_members() { round_trips_.clear(); }  // another committee

  // D: by the (f+1)-th slowest member, so that f of them cannot stretch it.
  [[nodiscard]] base::Duration delay(std::size_t faults) const;

  // Of view `view` when `finalized` is the highest final one.
  struct Progress {
    View view = 0;
    View finalized = 0;
    std::size_t faults = 0;
  };
  // T_lead: the leader's proposal should be here.
  [[nodiscard]] base::Duration lead(const Progress& progress, bool op_pending) const;
  // T_view: a certificate should be here.
  [[nodiscard]] base::Duration view(const Progress& progress) const;
  // T_empty: how long a leader without ops waits for the finalization of the block before.
  [[nodiscard]] base::Duration empty(std::size_t faults) const;
  // T_rtx.
  [[nodiscard]] base::Duration retransmit(std::size_t faults) const { return 2 * delay(faults); }
  // T_skip: so long a silence makes a leader look dead.
  [[nodiscard]] base::Duration skip(const Progress& progress) const;

 private:
  const Options& options_;
  std::map<SignerIndex, base::Duration> round_trips_;
  base::Duration sync_time_{};
};

}  // namespace consensus
