// A Scenario is one run as plain data: everything that may differ between two runs stands in it,
// and nothing else can influence the outcome. Its text form is what a bug report consists of: one
// statement a line, `#` starts a comment, times as "1500ms" or "30s", shares in parts per million.
//
//   parley-scenario 1
//   seed 42
//   nodes 5
//   latency 200us to 2ms
//   heavy_tail 10000                                        # one in a hundred takes far longer
//   at 5s crash nodes 2 for 10s
//   at 9s one_way nodes 0,1 towards 3 for 8s
//   adversary forger nodes 4 at 2s
//   agent nodes 1,2 service 20ms to 80ms transient 30000    # scenario_calls.h
//   policy cap.* attempts 4 breaker 500000 10 10s 30s 3
//   validators 0,2,3,4 admission invitation                 # the rest follows what they decide
//   lies nodes 2 ways equivocator,double_voter              # sim/agreement/byzantine/villainy.h
//   choices 5a07ffe1                                        # sim/choices.h
//   proposals 40 from 6s every 300ms
//   at 9s lose_log nodes 2 for 1s
//   at 12s evict nodes 5
//   at 15s reconfigure nodes 0,1,3,4                        # the next committee
//   chaos_ends 30s
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "mesh/policy_table.h"
#include "sim/agent_traits.h"
#include "sim/agreement/byzantine/villainy.h"
#include "sim/choices.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sim {

// What a generated scenario is about. `calm` is the standard run: all join from one address, some
// crash, the links are good. The others are chaos, each run with its own choice of fault kinds.
enum class Profile : std::uint8_t { calm, gossip, calls, decisions, all };
[[nodiscard]] std::string_view to_string(Profile profile);
[[nodiscard]] std::optional<Profile> parse_profile(std::string_view name);

using NodeIndex = std::uint32_t;

enum class FaultKind : std::uint8_t {
  late_start,   // does not run before `at`
  crash,        // loses memory and what is unsynced; starts again after `lasts`, never if 0
  pause,        // stopped and continued, as by SIGSTOP; datagrams queue up like in a socket
  starve,       // each input waits `amount` milliseconds for a processor
  partition,    // nothing passes between `nodes` and all others
  islands,      // nothing passes between any two of `nodes`, nor to the others
  one_way,      // nothing passes from `nodes` to `towards` (all others, if empty)
  loss,         // `amount` ppm of the datagrams from `nodes` (to `towards`) vanish
  duplicate,    // `amount` ppm of them come twice
  latency,      // they take up to `amount` milliseconds more, each its own time: reordering
  clog,         // they wait until the fault ends, then all come at once
  throttle,     // on each way from `nodes` (to `towards`) `amount` bytes a second pass
  bit_rot,      // `amount` ppm of the datagrams from them arrive with a bit flipped
  clock_jump,   // the wall clock moves by `amount` milliseconds, forth or back
  disk_full,    // writes are refused
  disk_slow,    // a sync takes `amount` milliseconds
  leave,        // drains and leaves; the process ends
  drain,        // drains without leaving; takes calls again after `lasts`
  move,         // comes back at another address: crash, new endpoint, start after `lasts`
  agent_down,   // its agent refuses connections
  agent_slow,   // its agent takes `amount` milliseconds more
  agent_flaky,  // `amount` ppm of its agent's answers are 500 or a broken connection
  agent_full,   // the agent declares a concurrency of 1: at capacity with its first call
  lose_log,     // a crash, and the log of what it voted is gone or damaged
  new_key,      // starts again with a fresh voting key, `lasts` after it stopped
  restore,      // after `lasts`, what it has of agreement is put back to what it is now
  evict,        // operators ask the mesh to put it out
  reconfigure,  // they ask for this committee
};
[[nodiscard]] std::string_view to_string(FaultKind kind);

struct Fault {
  base::Duration at{};
  FaultKind kind = FaultKind::crash;
  std::vector<NodeIndex> nodes;
  std::vector<NodeIndex> towards;
  base::Duration lasts{};
  std::int64_t amount = 0;
  bool operator==(const Fault&) const = default;
};

enum class AdversaryKind : std::uint8_t {
  forger,            // records and accusations in the name of others, and of another mesh
  replayer,          // captured datagrams and outdated records again
  false_accuser,     // validly signed accusations against healthy members
  flooder,           // garbage, and valid messages far too often
  eclipser,          // answers who joins with nobody but itself and its friends
  load_liar,         // claims to be idle, whatever it does
  observation_liar,  // praises its friends' agents and runs all others down
};
[[nodiscard]] std::string_view to_string(AdversaryKind kind);

struct AdversaryChoice {
  AdversaryKind kind = AdversaryKind::forger;
  std::vector<NodeIndex> nodes;  // these act in concert
  base::Duration at{};           // honest before
  bool operator==(const AdversaryChoice&) const = default;
};

struct Workload {
  std::uint32_t first_call =
      0;  // call i is drawn from its own stream, so that a part can be cut off
  std::uint32_t calls = 0;
  base::Duration starts = std::chrono::seconds(5);
  base::Duration gap = std::chrono::milliseconds(50);  // mean between two calls
  std::uint32_t capabilities = 3;
  std::uint32_t providers = 2;         // nodes that offer each
  std::uint32_t idempotent = 700'000;  // ppm of calls that may be repeated
  base::Duration deadline = std::chrono::seconds(5);
  std::uint32_t callers = 0;    // the last so many nodes call; 0: all
  std::uint32_t depth = 1;      // agents that a call passes, each asked by the one before
  std::uint32_t hard = 0;       // ppm of calls that are hard; if not 0, callers say how hard
  std::uint32_t misjudged = 0;  // ppm of these words that are wrong
  std::uint32_t low = 0;        // ppm of calls with low priority
  bool defers = false;          // what nobody can take of the first capability is delivered later
  bool operator==(const Workload&) const = default;
};

// Validators that lie about what they decide (sim/agreement/byzantine), to the end of the run.
struct LyingChoice {
  std::vector<NodeIndex> nodes;
  std::vector<agreement::Villainy> ways;
  bool operator==(const LyingChoice&) const = default;
};

// Who decides, and what they are asked.
struct Deciding {
  std::vector<NodeIndex> validators;  // of the first committee; empty: nobody decides anything
  bool by_invitation = false;         // the others need to be let in
  std::uint32_t snapshot_after = 0;   // blocks behind; 0: as many as in production
  std::uint32_t first_proposal = 0;   // each is drawn from its own stream
  std::uint32_t proposals = 0;
  base::Duration starts = std::chrono::seconds(5);
  base::Duration gap = std::chrono::milliseconds(300);  // between two
  bool operator==(const Deciding&) const = default;
};

struct Scenario {
  std::uint64_t seed = 1;
  std::uint32_t nodes = 3;
  std::uint32_t seeds = 1;  // the first so many are everybody's seed addresses
  base::Duration join_gap = std::chrono::milliseconds(100);  // between two first starts
  base::Duration latency_min = std::chrono::microseconds(200);
  base::Duration latency_max = std::chrono::milliseconds(2);
  std::uint32_t loss = 0;             // ppm of all datagrams, for the whole run
  std::uint32_t duplicate = 0;        // ppm
  std::uint32_t heavy_tail = 0;       // ppm of what is sent takes 2, 4, 8, ... times its latency
  std::uint32_t drift_max = 0;        // ppm by which a clock may be fast or slow
  base::Duration clock_offset_max{};  // of the wall clocks
  std::vector<Fault> faults;          // in order of time
  std::vector<AdversaryChoice> adversaries;
  std::vector<LyingChoice> liars;
  // Until chaos ends, what goes over reliable links and what liars do takes the next byte.
  ChoiceString choices;
  Workload workload;
  Deciding deciding;
  std::vector<AgentTraits> agents;     // of a node named by several, the last holds
  std::vector<mesh::Policy> policies;  // of all nodes
  base::Duration chaos_ends = std::chrono::seconds(30);  // all faults end here
  base::Duration patience = std::chrono::seconds(60);    // in which the rest must settle after it

  // Datagrams are sealed with keys that both ends hash instead of agreeing on them over the curve:
  // for worlds so large that a million agreements would be most of the work. Signatures stay real.
  bool hashed_pair_keys = false;

  bool operator==(const Scenario&) const = default;

  struct ParseError {
    std::uint32_t line = 0;
    std::string text;
  };
  [[nodiscard]] static base::Result<Scenario, ParseError> parse(std::string_view text);
  [[nodiscard]] std::string to_text() const;

  static constexpr std::uint32_t nodes_max = 20'000;
  static constexpr std::size_t faults_max = 10'000;
  static constexpr std::size_t choices_max = 4'096;
};

}  // namespace sim
