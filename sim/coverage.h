// What a run reached, so that it cannot pass by doing nothing: every transition that a machine
// made, every kind of fault and adversary that struck, and every kind of call outcome.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sim {

class Coverage {
 public:
  struct Point {
    std::string
        group;  // the machine of a transition, or "fault", "adversary", "outcome", "milestone"
    std::string from;  // empty where there is none
    std::string to;
    auto operator<=>(const Point&) const = default;
  };

  void saw(std::string_view group, std::string_view from, std::string_view to);
  void merge(const Coverage& other);

  [[nodiscard]] std::uint64_t count(std::string_view group, std::string_view from,
                                    std::string_view to) const;
  [[nodiscard]] const std::map<Point, std::uint64_t>& points() const { return points_; }
  // Those of expected_points() that were never seen, as "group: from -> to".
  [[nodiscard]] std::vector<std::string> missing() const;

 private:
  std::map<Point, std::uint64_t> points_;
};

// What a large enough swarm must have reached: every fault, every adversary, the transitions of a
// member and of a call.
[[nodiscard]] std::vector<Coverage::Point> expected_points();

}  // namespace sim
