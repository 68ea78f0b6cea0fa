// Questions and calls over links by those that are no members here. Whoever joined elsewhere a
// moment ago may be here before the news of it: what it asks waits for that, for a second. What
// still comes from no member then is refused. A bounded list, and only of what is small.
#pragma once

#include "base/ids.h"
#include "base/time.h"
#include "node/kernel/input.h"

#include <cstddef>
#include <variant>
#include <vector>

namespace kernel {

class Newcomers {
 public:
  using Request = std::variant<PeerAsked, CallArrived>;

  // Takes it, or leaves it alone and says false.
  [[nodiscard]] bool hold(const base::NodeId& from, Request& request, base::Instant now);
  // What this one asked, now that it is a member.
  [[nodiscard]] std::vector<Request> admitted(const base::NodeId& id, base::Instant now);
  // What waited in vain.
  [[nodiscard]] std::vector<Request> expired(base::Instant now);
  // All that waits. From then on nothing is held: nobody is admitted by a node that leaves.
  [[nodiscard]] std::vector<Request> close();
  // True if that call waited here; it does so no more.
  bool on_caller_gone(mesh::ExchangeId exchange);
  [[nodiscard]] base::Instant next_deadline() const;

 private:
  static constexpr std::size_t held_max = 256;
  static constexpr std::size_t bytes_max = 16 * 1024;  // of one request
  struct Held {
    base::NodeId from;
    base::Instant since;
    Request request;
  };

  std::vector<Held> held_;  // in the order in which they came
  bool closed_ = false;
};

}  // namespace kernel
