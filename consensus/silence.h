// Who seems to be dead: members that membership suspects, and those that say nothing. A hint makes
// the view timer of a dead leader expire at once. It is local and untrusted, so it may only ever
// skip the f longest silent members, and only while a quorum is not suspected: a storm of false
// suspicions must not end views at the speed of the network. CONSENSUS R10.
#pragma once

#include "base/time.h"
#include "consensus/committee.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace consensus {

class Silence {
 public:
  void start(std::size_t members, base::Instant now);
  void on_heard(SignerIndex member, base::Instant now);
  // What membership says.
  void on_hint(SignerIndex member, bool alive);

  // Whether this leader's view should end at once. `busy_since`: nobody has to speak before that.
  [[nodiscard]] bool dead(SignerIndex leader, std::size_t faults, base::Duration patience,
                          base::Instant busy_since, base::Instant now) const;

 private:
  struct Member {
    base::Instant heard;
    bool suspected = false;
  };

  std::vector<Member> members_;  // by signer index
};

}  // namespace consensus
