// What an operator may choose about calls: the bounds of the data plane and the policies by match
// of capability. A live reload replaces the whole value; exchanges under way keep what they began
// with.
#pragma once

#include "base/time.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mesh {

enum class RoutePolicy : std::uint8_t {
  round_robin,   // one after the other
  least_loaded,  // the better of two random ones, by expected latency
  preference,    // this node, then the preferred in their order, then the rest
};
[[nodiscard]] std::string_view to_string(RoutePolicy policy);
[[nodiscard]] std::optional<RoutePolicy> parse_route_policy(std::string_view text);

// One entry of `policies:`. Of all whose pattern matches, each field comes from the most specific
// pattern (the most characters that are not `*`; then the earlier entry) that sets it.
struct Policy {
  std::string capability = "*";  // a name in which `*` stands for any run of characters
  std::optional<RoutePolicy> route;
  std::vector<std::string> prefer;         // nodes or agents, best first; empty = not set
  std::optional<std::uint32_t> attempts;   // in all, the first included
  std::optional<bool> retry_unavailable;   // `on: [unavailable]`: an agent's own 503 may be retried
  std::optional<base::Duration> deadline;  // of a request that brings none

  bool operator==(const Policy&) const = default;
};

struct Options {
  RoutePolicy route = RoutePolicy::least_loaded;
  std::vector<Policy> policies;
  std::uint32_t attempts = 3;
  bool retry_unavailable = true;

  base::Duration deadline_default = std::chrono::seconds(30);
  base::Duration deadline_max = std::chrono::hours(1);
  // What a hop keeps for its own work: the smaller of the two.
  base::Duration hop_reserve_max = std::chrono::milliseconds(10);
  std::uint32_t hop_reserve_percent = 5;

  std::size_t exchanges_max = 10'000;  // unsettled at once
  std::size_t path_hops_max = 32;
  std::uint64_t held_answer_max =
      64 * 1024;  // bytes held back so that another node may still answer

  base::Duration duplicate_window = std::chrono::minutes(5);
  std::size_t duplicates_max = 10'000;  // executions remembered
  std::size_t kept_answers_max = 1'000;
  std::size_t waiting_duplicates_max = 64;  // of one execution

  // After a failed attempt that node is avoided for a time that doubles with each further failure.
  base::Duration penalty_min = std::chrono::seconds(1);
  base::Duration penalty_max = std::chrono::seconds(30);
  std::uint32_t probe_successes = 1;  // in a row, to be healthy
  std::uint32_t probe_failures = 2;   // in a row, to be unhealthy; also of calls that found nobody

  bool operator==(const Options&) const = default;
};

// The fields of all policies that match, the most specific first; what none sets comes from
// Options.
struct CallPolicy {
  RoutePolicy route = RoutePolicy::least_loaded;
  std::vector<std::string> prefer;
  std::uint32_t attempts = 3;
  bool retry_unavailable = true;
  base::Duration deadline = std::chrono::seconds(30);

  bool operator==(const CallPolicy&) const = default;
};
[[nodiscard]] CallPolicy policy_for(const Options& options, std::string_view capability);
[[nodiscard]] bool matches_pattern(std::string_view pattern, std::string_view capability);

}  // namespace mesh
