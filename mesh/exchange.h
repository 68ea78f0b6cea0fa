// One exchange while it lives, and the table of them all with the times at which they want to be
// looked at.
//
//   arrived --> attempting --head, passed on--> answering --whole--> settled
//      |  ^       |  ^  |                          |
//      |  |       |  |  +--failed, a wait--> backing_off --over--> attempting
//      v  |       |  +--failed, another node at once; or broken while held back-- (answering)
//    waiting      +--failed for good--> settled    +--broken, cancelled--> settled
//   (for the exchange that it is a duplicate of; runs itself if that one fails)
//
// Of a call that nobody can take, arrived, attempting or backing_off --> deferring (until it is on
// disk) --> settled.
//
// These are the transitions of the machine "call"; another attempt, also one beside the first
// (hedging), is attempting -> attempting.
#pragma once

#include "base/ids.h"
#include "base/time.h"
#include "mesh/call.h"
#include "mesh/call_context.h"
#include "mesh/classify.h"
#include "mesh/policy.h"
#include "mesh/resilience/breaker.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace mesh {

struct Arrived {};
struct Waiting {
  ExchangeId original;
};
struct BackingOff {
  base::Instant until;
};
struct Attempting {};
struct Answering {
  std::uint32_t attempt = 0;
  base::NodeId node;
  Verdict verdict = Verdict::success;
  int status = 0;
};
struct Deferring {
  Problem problem;  // that it is refused with if it cannot be kept
};
using Phase = std::variant<Arrived, Waiting, BackingOff, Attempting, Answering, Deferring>;
[[nodiscard]] std::string_view to_string(const Phase& phase);

// So many attempts of one exchange that found no place do not count as attempts.
inline constexpr std::uint32_t refused_max = 10;

// One attempt under way.
struct OpenAttempt {
  std::uint32_t number = 0;
  base::NodeId node;
  base::Instant since;
  base::Instant give_up = base::Instant::never();  // the end of the time of one try
  base::Instant look_at = base::Instant::never();  // so late that it says something of the agent
  resilience::Breaker::Permit permit;
  bool counted = false;  // its head came and was judged: what follows says how the answer ends
  bool hedge = false;
  bool again = false;                              // its node's last answer was not taken
  bool probe = false;                              // of an agent that is too bad for anything else
  std::optional<FaultRule> fault;                  // that the policy injects into it
  base::Instant send_at = base::Instant::never();  // it waits for that: nothing was sent yet
  std::optional<AnswerHead> head;                  // while its body is looked at
};

struct Exchange {
  ExchangeId id;
  Origin origin;
  CallRequest request;
  CallContext context;
  base::Instant arrived;
  std::string source;
  std::string destination;
  Phase phase;
  std::string_view phase_told = "arrived";  // in the last transition

  std::uint32_t attempts = 0;
  std::uint32_t attempts_before = 0;  // of these, that do not count: for what it fell back from, or
                                      // refused for want of a place while somebody else had one
  std::vector<OpenAttempt> open;      // at most two; one while answering
  base::Instant hedge_at = base::Instant::never();
  std::vector<base::NodeId> tried;     // for this capability
  std::vector<base::NodeId> rejected;  // of these, whose last answer was seen and not taken
  std::string trail;                   // what each attempt came to, for people
  bool body_repeatable = true;         // it is kept, or there is none
  bool answer_started = false;         // from here on there is no other attempt
  std::string asked;                   // the capability that the caller asked for, if it fell back
  std::shared_ptr<const CallPolicy> asked_policy;  // of that; shared with the table
  std::uint32_t fallbacks = 0;                     // of its list, used
  bool perhaps_ran = false;                        // an attempt may have done its work
  bool failed_further_on = false;                  // a call that the own agent made for it did
  std::optional<base::Duration> retry_after = std::nullopt;  // the shortest that was asked for
  bool escalated = false;
  std::optional<Proficiency> outgrown = std::nullopt;  // whose output was not good enough for it
  std::string faults{};  // injected into its attempts so far: "delay", "delay, abort", ...
  bool counted = false;  // in the bulkhead of request.capability
  bool paid = false;     // into the retry budget: a duplicate that runs itself begins twice
  base::Instant armed = base::Instant::never();

  [[nodiscard]] bool from_agent() const { return std::holds_alternative<FromAgent>(origin); }
  [[nodiscard]] bool from_peer() const { return std::holds_alternative<FromPeer>(origin); }
  [[nodiscard]] OpenAttempt* find(std::uint32_t attempt);  // null: not under way (any more)
  [[nodiscard]] bool is_open_at(const base::NodeId& node) const;
  // When something of it is due.
  [[nodiscard]] base::Instant next_event() const;
};

class Exchanges {
 public:
  // Its id must be new.
  Exchange& add(Exchange exchange);
  [[nodiscard]] Exchange* find(ExchangeId id);
  // After its times changed.
  void arm(Exchange& exchange);
  void remove(ExchangeId id);
  // Those with an attempt open at this node, in the order of their ids.
  [[nodiscard]] std::vector<ExchangeId> open_at(const base::NodeId& node) const;

  [[nodiscard]] base::Instant next_deadline() const;
  [[nodiscard]] Exchange* first_due(base::Instant now);  // null: none is
  [[nodiscard]] Exchange* first() {                      // null: there is none
    return exchanges_.empty() ? nullptr : &exchanges_.begin()->second;
  }
  [[nodiscard]] std::size_t size() const { return exchanges_.size(); }
  [[nodiscard]] std::size_t from(const base::NodeId& peer) const;

 private:
  std::map<ExchangeId, Exchange> exchanges_;
  std::map<base::NodeId, std::size_t> of_peers_;           // how many of them came from each
  std::set<std::pair<base::Instant, ExchangeId>> events_;  // the next of each that has one
};

}  // namespace mesh
