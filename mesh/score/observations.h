// What others saw of the agents that this node calls, and what it tells them in return. Holds the
// newest report of each author, and keeps the median of what they say of each agent ready, so that
// a call only looks it up; blend() puts it together with our own experience.
//
// An author that speaks of itself is not heard.
#pragma once

#include "base/ids.h"
#include "base/time.h"
#include "mesh/score/blend.h"
#include "mesh/score/observation.h"
#include "mesh/score/scorecard.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mesh::score {

class Observations {
 public:
  static constexpr std::size_t reports_max = 1'024;
  static constexpr base::Duration called_lately = std::chrono::minutes(1);

  using Opinions = std::map<base::NodeId, Opinion>;

  // Instead of this author's last one about that capability.
  void on_report(ObservationReport report);
  void on_report_gone(const base::NodeId& author, std::string_view capability);

  // Null: nobody said anything.
  [[nodiscard]] const Opinion* of(std::string_view capability, const base::NodeId& node) const;
  [[nodiscard]] const Opinions* about(std::string_view capability) const;
  [[nodiscard]] std::size_t reports() const { return reports_; }

  // A scorecard of this node's own, of another node's agent.
  struct Card {
    std::string_view capability;
    base::NodeId node;
    const Scorecard& scorecard;
  };
  // All capabilities that were called within the last minute, as far as calls of this function can
  // tell, with what was seen there. The cards in the order of capabilities, then of nodes.
  [[nodiscard]] std::vector<Observed> own(std::span<const Card> cards, base::Instant now);

 private:
  struct Topic {
    std::map<base::NodeId, std::vector<Observation>> by_author;
    Opinions opinions;  // follows from by_author
  };
  struct Called {
    std::uint64_t calls = 0;  // on all cards, when it was looked at last
    base::Instant at;         // when there were more than before
  };

  static void reckon(Topic& topic);

  std::map<std::string, Topic, std::less<>> topics_;   // none without authors
  std::size_t reports_ = 0;                            // at most reports_max
  std::map<std::string, Called, std::less<>> called_;  // of the cards last seen
};

}  // namespace mesh::score
