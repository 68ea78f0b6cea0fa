// The calls that the agent beside this node is serving right now. A call that the agent makes
// meanwhile names one of them by Parley-Call or by the trace id of its traceparent, and inherits
// its path and what is left of its time. As many entries as exchanges at the agent, which are
// bounded.
#pragma once

#include "base/ids.h"
#include "base/short_text.h"
#include "base/slot_index.h"
#include "base/time.h"
#include "mesh/call.h"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mesh {

// The first eight bytes of a node's id: enough to see a cycle.
struct Hop {
  std::uint64_t value = 0;
  auto operator<=>(const Hop&) const = default;
  [[nodiscard]] static Hop of(const base::NodeId& node);
};
using Path = std::vector<Hop>;
[[nodiscard]] std::string format_path(const Path& path);
// Hops of 16 or 64 hexadecimal digits. Nothing if one is neither; the caller bounds the number.
[[nodiscard]] std::optional<Path> parse_path(std::string_view text);
[[nodiscard]] bool passes(const Path& path, Hop hop);

class ServedCalls {
 public:
  struct Served {
    ExchangeId exchange;
    Path path;  // this node included
    base::Instant deadline = base::Instant::never();
    bool deadline_to_end = false;
    base::Instant last_moment = base::Instant::never();  // of the whole chain
    CallId call;
    base::ShortText<32> trace_id;
    bool failed_further_on = false;  // the last call that the agent made for it was in vain
  };

  void put(Served served);
  void remove(ExchangeId exchange);
  // A call that the agent made for this one is over.
  void note_further_on(ExchangeId exchange, bool in_vain);
  [[nodiscard]] bool failed_further_on(ExchangeId exchange) const;
  void lift_deadline(ExchangeId exchange);  // a stream began that may take its time

  // The call itself if it is known; else of those with this trace the one with the longest path:
  // then no cycle is missed.
  [[nodiscard]] const Served* find(std::string_view call, std::string_view trace_id) const;
  [[nodiscard]] std::size_t size() const { return by_exchange_.size(); }

 private:
  using Place = base::SlotIndex::Slot;

  [[nodiscard]] std::optional<Place> place_of(ExchangeId exchange) const;

  std::vector<Served> served_;  // and, between them, the free ones
  std::vector<Place> free_;
  base::SlotIndex by_exchange_;
  base::SlotIndex by_call_;
  base::SlotIndex by_trace_;
};

}  // namespace mesh
