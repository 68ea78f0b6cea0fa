// Messages whose signatures are being checked. A check costs some 50 microseconds, so it is done
// elsewhere and comes back as verdicts; only then may the message count. Bounded for each peer, so
// that one who sends junk delays itself. CONSENSUS 3.12.
#pragma once

#include "base/ids.h"
#include "base/permit_rate.h"
#include "base/time.h"
#include "consensus/effect.h"
#include "consensus/epoch.h"
#include "consensus/message.h"
#include "consensus/options.h"
#include "crypto/verified.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace consensus {

struct Incoming {
  base::NodeId from;
  EpochNumber epoch = 0;  // by whose committee its signatures are checked
  Message message;
};

class Intake {
 public:
  explicit Intake(const Options& options) : options_(options) {}

  // Whether this peer may cause so many checks now.
  [[nodiscard]] bool permits(const base::NodeId& peer, std::size_t checks, std::size_t members,
                             base::Instant now);
  // False: too much of that peer is pending.
  bool add(Incoming incoming, std::vector<crypto::SignatureCheck> checks, Effects& effects);
  // What was asked about with that request; nothing if it is not known.
  [[nodiscard]] std::optional<Incoming> take(std::uint64_t request);
  [[nodiscard]] std::size_t pending() const { return pending_.size(); }
  // Of the peer that has most.
  [[nodiscard]] std::size_t pending_max() const;

 private:
  const Options& options_;
  std::uint64_t next_request_ = 1;
  std::map<std::uint64_t, Incoming> pending_;
  std::map<base::NodeId, std::size_t> pending_of_;
  std::map<base::NodeId, base::PermitRate> rates_;
};

}  // namespace consensus
