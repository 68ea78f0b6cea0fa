#include "sim/coverage.h"

#include "sim/scenario.h"

#include <array>

namespace sim {

void Coverage::saw(std::string_view group, std::string_view from, std::string_view to) {
  ++points_[Point{std::string(group), std::string(from), std::string(to)}];
}

void Coverage::merge(const Coverage& other) {
  for (const auto& [point, count] : other.points_) points_[point] += count;
}

std::uint64_t Coverage::count(std::string_view group, std::string_view from,
                              std::string_view to) const {
  const auto found = points_.find(Point{std::string(group), std::string(from), std::string(to)});
  return found == points_.end() ? 0 : found->second;
}

std::vector<std::string> Coverage::missing() const {
  std::vector<std::string> result;
  for (const Point& point : expected_points()) {
    if (points_.contains(point)) continue;
    result.push_back(point.group + ": " + (point.from.empty() ? "" : point.from + " -> ") +
                     point.to);
  }
  return result;
}

std::vector<Coverage::Point> expected_points() {
  std::vector<Coverage::Point> points;
  for (auto kind = FaultKind::late_start; kind <= FaultKind::reconfigure;
       kind = static_cast<FaultKind>(static_cast<int>(kind) + 1)) {
    points.push_back({"fault", "", std::string(to_string(kind))});
  }
  for (auto kind = AdversaryKind::forger; kind <= AdversaryKind::observation_liar;
       kind = static_cast<AdversaryKind>(static_cast<int>(kind) + 1)) {
    points.push_back({"adversary", "", std::string(to_string(kind))});
  }
  // As the views show them, whatever the machines report.
  for (const auto& [from, to] :
       std::initializer_list<std::pair<const char*, const char*>>{{"serving", "suspect"},
                                                                  {"suspect", "serving"},
                                                                  {"suspect", "dead"},
                                                                  {"dead", "serving"},
                                                                  {"serving", "at_capacity"},
                                                                  {"at_capacity", "serving"},
                                                                  {"serving", "draining"},
                                                                  {"draining", "serving"},
                                                                  {"draining", "left"}}) {
    points.push_back({"view", from, to});
  }
  for (const auto& [machine, from, to] :
       std::initializer_list<std::array<const char*, 3>>{{"breaker", "closed", "open"},
                                                         {"breaker", "open", "half_open"},
                                                         {"breaker", "half_open", "closed"},
                                                         {"breaker", "half_open", "open"},
                                                         {"outlier", "in", "ejected"},
                                                         {"outlier", "ejected", "in"}}) {
    points.push_back({machine, from, to});
  }
  for (const char* code : {"no_capable_agent", "circuit_open", "deadline_exceeded",
                           "agent_unreachable", "rate_limited", "overloaded", "cycle_detected"}) {
    points.push_back({"refusal", "", code});
  }
  for (const char* milestone :
       {"retry", "budget_spent", "hedge", "fallback", "duplicate", "below_quality", "bulkhead",
        "low_priority_shed", "idle_timeout", "fault_delay", "fault_abort", "fault_answer"}) {
    points.push_back({"milestone", "", milestone});
  }
  for (const char* outcome :
       {"success", "application_error", "mesh_error", "caller_gone", "deferred"}) {
    points.push_back({"outcome", "", outcome});
  }
  for (const char* milestone :
       {"first_convergence", "settled", "restart", "signature_refused", "deferred_call_delivered",
        "decided", "committee_changed", "let_in", "put_out"}) {
    points.push_back({"milestone", "", milestone});
  }
  return points;
}

}  // namespace sim
