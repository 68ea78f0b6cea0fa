#include "mesh/resilience/shedding.h"

#include "base/check.h"
#include "base/strings.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace mesh::resilience {

namespace {

constexpr std::array<Priority, 4> priorities = {Priority::critical, Priority::high,
                                                Priority::normal, Priority::low};
constexpr std::array<std::uint64_t, 4> places_percent = {100, 95, 80, 50};

constexpr base::Duration retry_after_min = std::chrono::seconds(1);
constexpr base::Duration retry_after_max = std::chrono::seconds(30);

}  // namespace

std::string_view to_string(Priority priority) {
  switch (priority) {
    case Priority::critical:
      return "critical";
    case Priority::high:
      return "high";
    case Priority::normal:
      return "normal";
    case Priority::low:
      return "low";
  }
  CHECK(false);
  return {};
}

std::optional<Priority> parse_priority(std::string_view text) {
  text = base::trim(text);
  if (text.size() == 1 && text[0] >= '0' && text[0] <= '3') {
    return priorities[static_cast<std::size_t>(text[0] - '0')];
  }
  for (const Priority priority : priorities) {
    if (base::equals_ignoring_case(text, to_string(priority))) return priority;
  }
  return std::nullopt;
}

std::uint32_t places_of(Priority priority, std::uint32_t limit) {
  const std::uint64_t percent = places_percent[static_cast<std::size_t>(priority)];
  return static_cast<std::uint32_t>((limit * percent + 99) / 100);
}

bool sheds(Priority priority, std::uint32_t in_flight, std::uint32_t limit) {
  return in_flight >= places_of(priority, limit);
}

base::Duration retry_after_of(Priority priority, std::uint32_t in_flight, std::uint32_t limit,
                              base::Duration usually) {
  const std::uint32_t places = places_of(priority, limit);
  if (in_flight < places) return retry_after_min;
  // Of those under way one ends every usually / in_flight, and so many must (Little's law).
  const double ends = static_cast<double>(in_flight - places) + 1;
  const double share = std::min(ends / std::max(static_cast<double>(in_flight), 1.0), 1.0);
  const auto bounded = std::clamp(usually, base::Duration::zero(), retry_after_max);
  const auto wait = static_cast<std::int64_t>(share * static_cast<double>(bounded.count()));
  return std::max(base::Duration(wait), retry_after_min);
}

}  // namespace mesh::resilience
