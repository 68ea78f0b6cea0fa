// The candidates of one call: of those who offer the capability, the best ones that may be asked.
// One pass over the offers, comparing small numbers; who is worse than the best seen so far is
// dropped.
//
// A node is worse the more there is against it, in this order: at capacity, our own last attempts
// failed (a penalty that runs out), known to have an older context than is asked for, ejected as an
// outlier, degraded, tried by this very call, suspect, joining, tried and
// besides penalised, suspect or joining. Whoever drains, left or is dead is no candidate at all,
// nor is one that the call has passed, whose breaker is open, who asked to wait, or whose output is
// below what the policy takes.
//
// One that is out for what it did must be asked again some day: when that is due, and the call may
// be repeated elsewhere, it is the call's `probe`. If no such call comes for as long as a breaker
// stays open, any other will do: else an agent whose calls may never be repeated were out for ever.
#pragma once

#include "base/ids.h"
#include "base/time.h"
#include "mesh/catalogue.h"
#include "mesh/exchange.h"
#include "mesh/policy.h"
#include "mesh/requirements.h"
#include "mesh/served_calls.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace mesh::routing {

enum class Rank : std::uint8_t {
  serving,
  at_capacity,
  penalised,
  stale,
  ejected,
  degraded,
  tried,
  suspect,
  joining,
  tried_in_vain,  // and suspect, joining or penalised besides
  excluded
};
[[nodiscard]] std::string_view to_string(Rank rank);

// Why an offer is no candidate; the first that holds.
enum class Exclusion : std::uint8_t {
  none,
  unmet,        // a requirement
  in_path,      // would be a cycle
  unavailable,  // draining, left or dead
  under_way,    // another attempt of this call is there right now
  not_expert,   // the call was escalated to experts
  breaker_open,
  waiting,           // it asked us to wait
  below_quality,     // gets nothing but probes
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

// Whether it may leave slow agents out. The others say themselves who gets the call: one that is
// better, or cheaper, than the quick ones is asked although it is slow; among equals these look at
// latency as well.
[[nodiscard]] bool heeds_latency(RoutePolicy policy);

// Which probes a call may be.
enum class Probing : std::uint8_t {
  none,
  overdue,  // its caller may have to bear what comes of it
  due,      // another attempt may follow if this one comes to nothing
};

struct Question {
  const Requirements& requirements;
  const Path& path;
  const std::vector<base::NodeId>& tried;
  std::span<const OpenAttempt> open;  // attempts under way
  const OwnAgent& own;
  const CallPolicy& policy;
  std::string_view context_version;  // "" = any will do
  Probing probing = Probing::none;
  bool experts_only = false;
  bool heeds_latency = true;  // whether the slow ones are worse off
  base::Instant now;
};

struct Candidate {
  const Catalogue::Offer* offer = nullptr;
  bool local = false;
};

struct Candidates {
  std::vector<Candidate> best;  // all of the same rank, in the order of node ids
  Rank rank = Rank::excluded;
  std::size_t asked = 0;           // their place among those whom this call tried; 0 = not yet
  std::optional<Candidate> probe;  // is due; not among `best`
  // Why the others are out, for the words of a refusal.
  std::uint32_t offers = 0;
  std::uint32_t unmet = 0;
  std::uint32_t in_path = 0;
  std::uint32_t full = 0;
  std::uint32_t unwell = 0;
  std::uint32_t open = 0;  // breakers
  std::uint32_t waiting = 0;
  std::uint32_t below = 0;
  base::Instant retry_at = base::Instant::never();  // the first of those open or waiting
};

[[nodiscard]] Exclusion exclusion_of(const Catalogue::Offer& offer, const Question& question);
// Whether it is time to ask one again that is excluded or worse off for what it did.
[[nodiscard]] bool is_probe_due(const Catalogue::Offer& offer, const Question& question);
// By our own calls there, or by its own word a moment ago.
[[nodiscard]] bool is_full(const Catalogue::Entry& entry, base::Instant now);
[[nodiscard]] Rank rank_of(const Catalogue::Offer& offer, const Question& question);
// Into `out`, whose memory is used again.
void gather(const Catalogue::Offers& offers, const Question& question, Candidates& out);

}  // namespace mesh::routing
