#include "sim/trace.h"

#include <utility>

namespace sim {

void Trace::add(base::Duration at, std::optional<NodeIndex> node, std::string text) {
  if (lines_max_ == 0) return;
  if (lines_.size() == lines_max_) lines_.pop_front();
  lines_.push_back({at, node, std::move(text)});
}

std::string Trace::text() const {
  std::string result;
  for (const Line& line : lines_) {
    const std::string time = seconds_text(line.at);
    result += std::string(time.size() < 9 ? 9 - time.size() : 0, ' ') + time;
    result += line.node ? "  n" + std::to_string(*line.node) : std::string("  world");
    result += " " + line.text + "\n";
  }
  return result;
}

std::string seconds_text(base::Duration duration) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  std::string fraction = std::to_string(ms % 1000);
  fraction.insert(0, 3 - fraction.size(), '0');
  return std::to_string(ms / 1000) + "." + fraction + "s";
}

}  // namespace sim
