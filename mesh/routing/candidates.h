// The candidates of one call: of those who offer the capability, the best ones that may be asked.
// One pass over the offers, comparing small numbers; who is worse than the best seen so far is
// dropped.
//
// A node is worse the more there is against it, in this order: at capacity, our own last attempts
// failed (a penalty that runs out), degraded, suspect, joining. Whoever drains, left or is dead is
// no candidate at all, nor is a node that the call has passed or that was tried already.
#pragma once

#include "base/ids.h"
#include "base/time.h"
#include "mesh/catalogue.h"
#include "mesh/requirements.h"
#include "mesh/served_calls.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace mesh::routing {

enum class Rank : std::uint8_t {
  serving,
  at_capacity,
  penalised,
  degraded,
  suspect,
  joining,
  excluded
};

// Why an offer is no candidate; the first that holds.
enum class Exclusion : std::uint8_t {
  none,
  unmet,             // a requirement
  in_path,           // would be a cycle
  tried,             // by this very call
  unavailable,       // draining, left or dead
  own_agent_unwell,  // the agent beside this node
  own_agent_full,
  own_agent_draining,
};
[[nodiscard]] std::string_view to_string(Exclusion exclusion);

// The agent beside this node, which membership does not judge.
struct OwnAgent {
  base::NodeId node;
  std::uint32_t in_flight = 0;
  bool full = false;
  bool unwell = false;
  bool draining = false;
  base::Duration latency{};  // 0 = none seen
};

struct Question {
  const Requirements& requirements;
  const Path& path;
  const std::vector<base::NodeId>& tried;
  const OwnAgent& own;
  base::Instant now;
};

struct Candidate {
  const Catalogue::Offer* offer = nullptr;
  bool local = false;
};

struct Candidates {
  std::vector<Candidate> best;  // all of the same rank, in the order of node ids
  Rank rank = Rank::excluded;
  // Why the others are out, for the words of a refusal.
  std::uint32_t offers = 0;
  std::uint32_t unmet = 0;
  std::uint32_t in_path = 0;
  std::uint32_t full = 0;
  std::uint32_t unwell = 0;
};

[[nodiscard]] Exclusion exclusion_of(const Catalogue::Offer& offer, const Question& question);
[[nodiscard]] Rank rank_of(const Catalogue::Offer& offer, const Question& question);
// Into `out`, whose memory is used again.
void gather(const Catalogue::Offers& offers, const Question& question, Candidates& out);

}  // namespace mesh::routing
