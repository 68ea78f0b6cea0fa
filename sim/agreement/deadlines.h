// Holds what the mesh does once chaos is over against the times of CONSENSUS 4.2: L1, L2 and L8.
// They follow from delta, which only the simulator knows, from the delay that the nodes believe in,
// and from how far chaos made them back off.
#pragma once

#include "base/ids.h"
#include "base/time.h"
#include "consensus/block.h"
#include "consensus/options.h"
#include "sim/agreement/oracle.h"
#include "sim/agreement/pace.h"

#include <cstdint>
#include <deque>
#include <map>
#include <set>

namespace sim::agreement {

class Deadlines {
 public:
  using NodeNumber = Oracle::NodeNumber;
  // L8: besides three messages, three syncs of a good disk and a log that is rewritten.
  static constexpr base::Duration processing = std::chrono::milliseconds(5);

  struct Calm {
    std::size_t faults = 0;
    consensus::View unfinalized = 0;  // the most views that any member has above its final one
    base::Duration delay{};           // that members believe in, at most
  };
  // (f + 2) (T_view + 6 delta) + 4 T_rtx, with T_view as it is in the last of these views.
  [[nodiscard]] static base::Duration bound(const Calm& calm);

  explicit Deadlines(Oracle& oracle) : oracle_(oracle) {}

  // L1: an op that a member held since then is not decided everywhere.
  void check_op(base::Duration held_since, base::Duration bound, base::Duration now);
  // L2: where a member stands, and whether anything waits there to become final.
  void check_progress(NodeNumber node, const Oracle::Progress& standing, bool waits,
                      base::Duration bound, base::Duration now);

  // L8, of a block that a member proposed while nobody was faulty or behind.
  void on_proposed(const consensus::BlockHeader& header, const base::Digest& hash,
                   const std::set<NodeNumber>& members, base::Duration now);
  // Whether that one is not decided by all of them yet.
  [[nodiscard]] bool watches(const base::Digest& hash) const;
  // That node is in this view.
  void on_view(NodeNumber node, consensus::View view, base::Duration now);
  void on_decided(NodeNumber node, const base::Digest& hash, base::Duration now);
  // Epochs end in the middle of views, and tails are never decided.
  void on_epoch() { proposed_.clear(); }
  void check_proposed(base::Duration now);
  [[nodiscard]] std::uint64_t prompt() const { return prompt_; }

 private:
  struct Standing {
    Oracle::Progress progress;
    base::Duration since{};  // nothing became final
  };
  struct Proposed {
    base::Digest hash;
    consensus::View view = 0;
    base::Duration at{};
    std::set<NodeNumber> in_view;    // who has not left the view
    std::set<NodeNumber> undecided;  // who has not decided it
  };

  void violate_good_case(const Proposed& block, NodeNumber node, const char* what,
                         base::Duration took);

  Oracle& oracle_;
  std::map<NodeNumber, Standing> standings_;
  std::deque<Proposed> proposed_;
  std::uint64_t prompt_ = 0;  // blocks that everybody decided in time
};

}  // namespace sim::agreement
