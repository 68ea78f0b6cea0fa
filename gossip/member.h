// A member as this node sees it.
#pragma once

#include "base/time.h"
#include "gossip/record.h"

#include <cstdint>
#include <string_view>

namespace gossip {

// As the view of this node has it: the member's own word, unless its monitors say that it does not
// answer. The names are SPEC's.
enum class MemberState : std::uint8_t {
  joining,
  serving,
  at_capacity,
  draining,
  left,
  suspect,
  dead
};
[[nodiscard]] std::string_view to_string(MemberState state);

struct Member {
  SignedRecord record;
  MemberState state = MemberState::joining;
  base::Instant since;          // when this state was entered
  bool degraded = false;        // some of its monitors reach it and some do not: avoid, do not bury
  bool barred = false;          // it may not take part: it has left, whatever it says
  base::Duration round_trip{};  // moving average of answered probes; 0 = never probed
  std::uint32_t row = 0;        // where gossip::View keeps the rest; nobody else's business
};

}  // namespace gossip
