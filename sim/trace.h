// The last lines of what happened, for whoever reads a violation; and, without a bound, the whole
// story of a small run for a golden transcript. One line a change, none for a packet.
#pragma once

#include "base/time.h"
#include "sim/scenario.h"

#include <cstddef>
#include <deque>
#include <optional>
#include <string>

namespace sim {

class Trace {
 public:
  explicit Trace(std::size_t lines_max) : lines_max_(lines_max) {}

  // `node` nothing: the world itself.
  void add(base::Duration at, std::optional<NodeIndex> node, std::string text);
  [[nodiscard]] std::string text() const;

 private:
  struct Line {
    base::Duration at;
    std::optional<NodeIndex> node;
    std::string text;
  };

  const std::size_t lines_max_;
  std::deque<Line> lines_;  // at most lines_max_, the oldest go
};

// "12.345s", for people.
[[nodiscard]] std::string seconds_text(base::Duration duration);

}  // namespace sim
