// What this node's own calls showed: of a node, whatever was asked of it (Reach), and of one agent
// at one capability (Standing). Kept when the agent goes and comes back, so that a bad one is not
// new to us after a restart.
#pragma once

#include "base/time.h"
#include "mesh/resilience/breaker.h"
#include "mesh/resilience/ejection.h"
#include "mesh/score/blend.h"
#include "mesh/score/scorecard.h"

#include <cstdint>
#include <string>

namespace mesh {

struct Reach {
  std::uint32_t outstanding = 0;  // our attempts there now
  std::uint32_t failures = 0;     // in a row
  base::Instant avoid_until;      // after a failure: only if nobody better is left
  base::Instant full_until;       // it said that it was full: as if it were at capacity
};

struct Standing {
  std::uint32_t outstanding = 0;  // our attempts there for this capability now
  base::Duration latency{};       // of its last few answers, to the head; 0 = none seen
  base::Instant latency_seen;     // when that was last fed
  base::Instant not_before;       // it asked us to wait (Retry-After)
  score::Scorecard score;
  score::Opinion opinion;  // of other nodes; follows each of their reports
  resilience::Breaker breaker;
  resilience::Ejection ejection;
  std::string context_version;  // what it last reported, "" = nothing
  base::Instant next_probe;     // of one that is too bad for anything else

  // What we saw and what others say, put together.
  [[nodiscard]] score::Estimate success() const;
  // What the agent claims may lower it; it counts for more only if neither we nor others judged.
  [[nodiscard]] score::Estimate quality() const;
};

}  // namespace mesh
