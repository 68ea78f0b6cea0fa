#include "api/decision_feed.h"

#include "api/decision_rows.h"
#include "base/strings.h"
#include "node/kernel/kernel.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace api {

namespace {

std::pair<std::uint64_t, std::uint32_t> place_of(const kernel::DecisionView& decision) {
  return {decision.height, decision.place};
}

void append_event(std::string& text, const kernel::DecisionView& decision) {
  text +=
      "id: " + std::to_string(decision.height) + "-" + std::to_string(decision.place) +
      "\nevent: decision\ndata: " +
      described(decision).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
      "\n\n";
}

// Its id is a height alone: who comes back with it goes on above the gap.
void append_gap(std::string& text, std::uint64_t first, std::uint64_t last) {
  const nlohmann::ordered_json gap{{"first", first}, {"last", last}};
  text += "id: " + std::to_string(last) +
          "\nevent: passed_over\ndata: " + nlohmann::ordered_json{{"passed_over", gap}}.dump() +
          "\n\n";
}

}  // namespace

std::optional<DecisionFeed> feed_behind(std::string_view last_event_id) {
  const auto parts = base::split(last_event_id, '-');
  if (parts.empty() || parts.size() > 2) return std::nullopt;
  const auto height = base::parse_unsigned(parts[0]);
  if (!height || *height == std::numeric_limits<std::uint64_t>::max()) return std::nullopt;
  if (parts.size() == 1 || *height == 0) return DecisionFeed{.height = *height + 1, .place = 0};
  const auto place = base::parse_unsigned(parts[1]);
  if (!place || *place >= std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return DecisionFeed{.height = *height, .place = static_cast<std::uint32_t>(*place) + 1};
}

FeedPart next_events(const View& view, DecisionFeed& at, std::size_t events_max) {
  FeedPart part;
  const kernel::Agreement* agreement = view.kernel.agreement();
  if (agreement == nullptr) return part;
  for (const kernel::PassedOver& gap : agreement->passed_over()) {
    if (at.height < gap.first || at.height > gap.last) continue;
    append_gap(part.text, at.height, gap.last);
    at = {.height = gap.last + 1, .place = 0};
  }
  const auto& known = agreement->decisions();
  const std::pair from{at.height, at.place};
  // Of the oldest block that is remembered some ops may be forgotten.
  const std::uint64_t whole_from = known.empty()
                                       ? agreement->replica().standing().height + 1
                                       : known.front().height + (known.front().place == 0 ? 0 : 1);
  if (at.height < whole_from) {
    part.from_archive = true;
    return part;
  }
  const auto first = std::lower_bound(known.begin(), known.end(), from,
                                      [](const kernel::DecisionView& decision, const auto& place) {
                                        return place_of(decision) < place;
                                      });
  for (auto next = first; next != known.end() && events_max > 0; ++next, --events_max) {
    append_event(part.text, *next);
    at = {.height = next->height, .place = next->place + 1};
  }
  return part;
}

std::string archived_events(const View& view, DecisionFeed& at,
                            const std::vector<kernel::StoredDecision>& blocks) {
  std::string text;
  for (const kernel::StoredDecision& block : blocks) {
    for (const kernel::DecisionView& decision : decisions_in(block, view.mesh)) {
      if (place_of(decision) < std::pair(at.height, at.place)) continue;
      append_event(text, decision);
    }
    at = {.height = block.height + 1, .place = 0};
  }
  if (!blocks.empty()) return text;
  // The archive has not got it, or not any more; what it lacks must not be missed in silence.
  const kernel::Agreement* agreement = view.kernel.agreement();
  if (agreement == nullptr) return text;
  const auto& known = agreement->decisions();
  const std::uint64_t next = known.empty()
                                 ? agreement->replica().standing().height + 1
                                 : known.front().height + (known.front().place == 0 ? 0 : 1);
  if (at.height < next) append_gap(text, at.height, next - 1);
  at = {.height = next, .place = 0};
  return text;
}

}  // namespace api
