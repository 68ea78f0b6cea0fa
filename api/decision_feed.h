// Decisions as a stream of events (text/event-stream), one behind the other and none twice. An
// event's id is HEIGHT-PLACE; who comes back with it as Last-Event-ID goes on behind it. What the
// kernel does not remember any more comes from the archive.
#pragma once

#include "api/http.h"
#include "api/view.h"
#include "node/kernel/effect.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace api {

// The place behind that id; nothing if it is none.
[[nodiscard]] std::optional<DecisionFeed> feed_behind(std::string_view last_event_id);

struct FeedPart {
  std::string text;           // events, "" = none
  bool from_archive = false;  // what comes next has to be read from `at.height` on
};
// What the kernel remembers from `at` on, which moves behind it; `events_max` of them at most.
[[nodiscard]] FeedPart next_events(const View& view, DecisionFeed& at, std::size_t events_max);
// The same from blocks of the archive. None: there is nothing, so what the kernel has follows.
[[nodiscard]] std::string archived_events(const View& view, DecisionFeed& at,
                                          const std::vector<kernel::StoredDecision>& blocks);

}  // namespace api
