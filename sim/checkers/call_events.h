// What checkers of calls are told: what nodes decide about attempts, breakers and slow agents.
#pragma once

#include "base/time.h"
#include "mesh/policy.h"
#include "sim/scenario.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sim {

// A node decided to ask an agent: a peer's, or its own one.
struct AttemptDecided {
  base::Duration at{};
  NodeIndex node = 0;
  std::uint64_t exchange = 0;
  std::uint32_t attempt = 0;
  bool for_peer = false;  // at its own agent; another one is its caller's to choose
  NodeIndex to = 0;
  std::string capability{};              // that is asked for
  bool falls_back = false;               // not the one that the caller asked for
  bool pardoned = false;                 // its last attempt found nobody or no place, or is suspect
  bool escalates = false;                // the call's time is over, and its policy says so then
  bool expert = false;                   // the agent says so
  base::Duration waited{};               // by what it serves, until now
  base::Duration given{};                // the time that it is given
  std::optional<base::Duration> left{};  // that its caller left it; nothing: no end
  std::optional<double> quality{};       // what the node knows of the agent's output
  bool half_open = false;                // the breaker, after this decision
  const mesh::CallPolicy* policy = nullptr;
};
// An attempt is over, or was given up.
struct AttemptOver {
  base::Duration at{};
  NodeIndex node = 0;
  std::uint64_t exchange = 0;
  std::uint32_t attempt = 0;  // 0: all of that exchange
  std::uint32_t made = 0;     // then how many these were, also such as never started
};
// A node's agent asks for this, and it is admitted as far as retries go.
struct CallBegun {
  base::Duration at{};
  NodeIndex node = 0;
  std::uint64_t exchange = 0;
  std::string capability{};
};
struct BreakerStep {
  base::Duration at{};
  NodeIndex node = 0;
  NodeIndex subject = 0;
  std::string capability{};
  std::string_view to{};
};

// A node took an agent out for being slower than its peers.
struct AgentEjected {
  base::Duration at{};
  NodeIndex node = 0;
  std::string capability{};
  std::size_t agents = 0;   // that the node knows to offer it
  std::size_t ejected = 0;  // of these, now
  double share_max = 0;     // that its policy allows
};

}  // namespace sim
