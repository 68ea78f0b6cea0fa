// One exchange while it lives, and the table of them all with their deadlines.
//
//   arrived --> attempting --head, passed on--> answering --whole--> settled
//      |  ^        |   ^ |                          |
//      v  |        |   +-+ failed, another node     +--broken while held back--> attempting
//      elsewhere
//    waiting       +--failed for good--> settled    +--broken, cancelled--> settled
//   (for the exchange that it is a duplicate of; runs itself if that one fails)
//
// These are the transitions of the machine "call"; another attempt is attempting -> attempting.
#pragma once

#include "base/ids.h"
#include "base/time.h"
#include "mesh/call.h"
#include "mesh/call_context.h"
#include "mesh/classify.h"

#include <cstddef>
#include <cstdint>
#include <map>
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
struct Attempting {
  std::uint32_t attempt = 0;
  base::NodeId node;
  base::Instant since;
};
struct Answering {
  std::uint32_t attempt = 0;
  base::NodeId node;
  Verdict verdict = Verdict::success;
  int status = 0;
};
using Phase = std::variant<Arrived, Waiting, Attempting, Answering>;
[[nodiscard]] std::string_view to_string(const Phase& phase);

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
  std::size_t offers = 0;  // of its capability, when it was last chosen for
  std::vector<base::NodeId> tried;
  std::string trail;            // what each attempt came to, for people
  bool body_repeatable = true;  // it is kept, or there is none
  bool answer_started = false;  // from here on there is no other attempt

  [[nodiscard]] bool from_peer() const { return std::holds_alternative<FromPeer>(origin); }
  // The attempt under way; 0 = none.
  [[nodiscard]] std::uint32_t open_attempt() const;
  [[nodiscard]] const base::NodeId* open_at() const;  // where; null = none
};

class Exchanges {
 public:
  // The deadline of its context is armed. Its id must be new.
  Exchange& add(Exchange exchange);
  [[nodiscard]] Exchange* find(ExchangeId id);
  void move_deadline(Exchange& exchange, base::Instant deadline);
  void remove(ExchangeId id);
  // Those with an attempt open at this node, in the order of their ids.
  [[nodiscard]] std::vector<ExchangeId> open_at(const base::NodeId& node) const;

  [[nodiscard]] base::Instant next_deadline() const;
  [[nodiscard]] Exchange* first_due(base::Instant now);  // null: none is
  [[nodiscard]] Exchange* first() {                      // null: there is none
    return exchanges_.empty() ? nullptr : &exchanges_.begin()->second;
  }
  [[nodiscard]] std::size_t size() const { return exchanges_.size(); }

 private:
  std::map<ExchangeId, Exchange> exchanges_;
  std::set<std::pair<base::Instant, ExchangeId>> deadlines_;  // of those that have one
};

}  // namespace mesh
