// Who may enter the table, once its record is signed well. While we join, one introducer's word is
// not enough: whom only one of them names waits here until it is reached itself or another one
// names it too, so that a lying introducer fills nothing and an honest second one uncovers what it
// hid. Afterwards new identities are limited per introducer and per address prefix.
// docs/decisions/0003-introducers.md.
#pragma once

#include "base/endpoint.h"
#include "base/ids.h"
#include "base/recent_table.h"
#include "base/time.h"
#include "crypto/verified.h"
#include "gossip/options.h"
#include "gossip/record.h"

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <vector>

namespace gossip {

// So many at once, so many a second afterwards.
class Allowance {
 public:
  bool take(std::uint32_t per_second, std::uint32_t burst, base::Instant now);

 private:
  double tokens_ = std::numeric_limits<double>::max();  // full, however much that is
  base::Instant filled_;
};

class Admission {
 public:
  Admission(const Options& options, const base::NodeId& self) : options_(options), self_(self) {}

  // May a record of an identity that is not in the view be looked at, when `introducer` brings it?
  bool allow(const Record& record, const base::NodeId& introducer, base::Instant now);

  // Keeps it until it is confirmed. True if it is confirmed now: another introducer named it
  // before.
  bool wait(const crypto::Verified<SignedRecord>& record, const base::NodeId& introducer,
            base::Instant now);
  // It answered, or was seen otherwise: hands it out.
  std::optional<crypto::Verified<SignedRecord>> reached(const base::NodeId& id);
  // Some that should be pinged now.
  struct Call {
    base::NodeId id;
    base::Endpoint at;
  };
  [[nodiscard]] std::vector<Call> due(base::Instant now);
  [[nodiscard]] base::Instant next_deadline() const { return next_; }
  [[nodiscard]] std::optional<base::Endpoint> where(const base::NodeId& id) const;
  [[nodiscard]] bool contains(const base::NodeId& id) const { return candidates_.contains(id); }
  [[nodiscard]] std::size_t waiting() const { return candidates_.size(); }
  [[nodiscard]] std::vector<base::NodeId> candidates() const;

 private:
  struct Candidate {
    crypto::Verified<SignedRecord> record;
    base::NodeId introducer;
    base::Instant expires;
    base::Instant called;  // when it was pinged last
    std::uint32_t calls = 0;
  };
  using Prefix = std::array<std::uint8_t, 15>;  // IPv4 /24, IPv6 /48, the rest zero

  const Options options_;
  const base::NodeId self_;  // introduces those that our past run knew; they are called for long
  std::map<base::NodeId, Candidate> candidates_;  // <= options_.members_max
  base::RecentTable<base::NodeId, Allowance> introducers_{4096};
  base::RecentTable<Prefix, Allowance> prefixes_{4096};
  base::Instant next_ = base::Instant::never();
};

}  // namespace gossip
