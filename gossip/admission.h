// Who may enter the table, once its record is signed well. While we join, one introducer's word is
// not enough: whom only one of them named waits here until it is reached itself or another one
// names it too, so that a lying introducer fills nothing and an honest second one uncovers what it
// hid. Whoever introduces itself by a datagram waits as well, until it answers a ping of ours: the
// datagram may be a recording, and its source anybody's. Otherwise new identities are limited by
// where they come from: those that introduce themselves by the address of their link, or at which
// they answered; those that a member names by that member, and by its address.
// docs/decisions/0003-introducers.md.
#pragma once

#include "base/endpoint.h"
#include "base/ids.h"
#include "base/recent_table.h"
#include "base/rng.h"
#include "base/time.h"
#include "crypto/verified.h"
#include "gossip/options.h"
#include "gossip/record.h"
#include "gossip/source.h"

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
  [[nodiscard]] bool has(Rate rate, base::Instant now) const { return tokens(rate, now) >= 1.0; }
  bool take(Rate rate, base::Instant now);

 private:
  [[nodiscard]] double tokens(Rate rate, base::Instant now) const;

  double tokens_ = std::numeric_limits<double>::max();  // full, however much that is
  base::Instant filled_;
};

class Admission {
 public:
  Admission(const Options& options, const base::NodeId& self, base::Rng rng)
      : options_(options), self_(self), rng_(rng) {}

  // May a record of `subject`, who is not in the view, be looked at when `source` brings it? Takes
  // nothing: what is not signed well costs those who come from there as well nothing.
  [[nodiscard]] bool may(const base::NodeId& subject, const Source& source,
                         base::Instant now) const;
  // Its signature holds: it is counted, unless too many came meanwhile.
  [[nodiscard]] bool take(const base::NodeId& subject, const Source& source, base::Instant now);

  // Keeps it until it is confirmed. True if it is confirmed now: another introducer named it
  // before.
  bool wait(const crypto::Verified<SignedRecord>& record, const base::NodeId& introducer,
            base::Instant now);
  // It was seen otherwise: waits no more.
  void drop(const base::NodeId& id);
  // It answered the call with that number: hands it out.
  struct Answered {
    crypto::Verified<SignedRecord> record;
    bool introduced_itself = false;
  };
  std::optional<Answered> answered(const base::NodeId& id, std::uint32_t sequence);

  // Some that should be pinged now, and those whose time is over.
  struct Call {
    base::NodeId id;
    base::Endpoint at;
    std::uint64_t epoch = 0;
    std::uint32_t sequence = 0;
  };
  struct Due {
    std::vector<Call> calls;
    std::vector<base::NodeId> expired;
  };
  [[nodiscard]] Due due(base::Instant now);
  [[nodiscard]] base::Instant next_deadline() const { return next_; }
  [[nodiscard]] std::optional<base::Endpoint> where(const base::NodeId& id) const;
  [[nodiscard]] bool contains(const base::NodeId& id) const { return candidates_.contains(id); }
  // It waits, and others named it: it did not only introduce itself.
  [[nodiscard]] bool was_named(const base::NodeId& id) const;
  [[nodiscard]] std::size_t waiting() const { return candidates_.size(); }
  // Those that others named.
  [[nodiscard]] std::vector<base::NodeId> candidates() const;

 private:
  struct Candidate {
    crypto::Verified<SignedRecord> record;
    base::NodeId introducer;
    base::Instant expires;
    base::Instant called;  // when it was pinged last
    std::uint32_t calls = 0;
    std::uint32_t sequence = 0;  // of the last ping; nobody else can know it
  };
  using Candidates = std::map<base::NodeId, Candidate>;
  using Prefix = std::array<std::uint8_t, 15>;  // IPv4 /24, IPv6 /48, the rest zero
  [[nodiscard]] static Prefix prefix_of(const base::Endpoint& at);
  void call(const base::NodeId& id, Candidate& candidate, base::Instant now, Due& due);

  const Options options_;
  const base::NodeId self_;  // introduces those that our past run knew; they are called for long
  base::Rng rng_;
  Candidates candidates_;                  // <= options_.members_max
  std::size_t introduced_themselves_ = 0;  // of them
  base::NodeId called_last_;               // calls go round
  base::RecentTable<base::NodeId, Allowance> introducers_{4096};
  base::RecentTable<Prefix, Allowance> naming_{4096};    // of introducers
  base::RecentTable<Prefix, Allowance> entering_{4096};  // of those that introduce themselves
  base::Instant next_ = base::Instant::never();
};

}  // namespace gossip
