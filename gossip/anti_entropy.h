// When to compare tables, and what differs. Digests ride on every packet; only where they stay
// different for longer than rumors take, two nodes compare buckets over a link and move what one of
// them lacks.
#pragma once

#include "base/ids.h"
#include "base/recent_table.h"
#include "base/time.h"
#include "gossip/options.h"
#include "gossip/packet.h"
#include "gossip/view.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace gossip {

class AntiEntropy {
 public:
  explicit AntiEntropy(const Options& options) : options_(options), gap_(options.sync_gap_min) {}

  // True if it is time to compare with this peer; then exactly one on_finished() must follow.
  bool on_digest(const base::NodeId& peer, bool equal, bool telling, base::Instant now);
  // `useful`: something moved. What never helps is tried less and less often.
  void on_finished(bool useful, base::Instant now);

 private:
  const Options options_;
  base::RecentTable<base::NodeId, base::Instant> differs_{64};  // since when
  base::Instant allowed_;
  base::Duration gap_;
  bool running_ = false;
};

// Everybody in the buckets whose digests differ.
[[nodiscard]] Summary summarize(const View& view, const BucketDigests& theirs);
// What to offer and to want after reading their summary.
[[nodiscard]] Exchange difference(const View& view, const Summary& theirs, std::size_t records_max);
// The members with these keys, with the evidence against them.
[[nodiscard]] Items items_of(const View& view, const std::vector<std::uint64_t>& keys,
                             std::size_t records_max);
// The page of all members after that id.
[[nodiscard]] Welcome page_of(const View& view, const base::NodeId& after, std::size_t records_max);

}  // namespace gossip
