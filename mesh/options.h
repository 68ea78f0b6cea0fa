// What an operator may choose about calls: the bounds of the data plane and the policies by match
// of capability. A live reload replaces the whole value; exchanges under way keep what they began
// with.
#pragma once

#include "base/time.h"
#include "mesh/policy_table.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mesh {

struct Options {
  std::vector<Policy> policies;
  CallPolicy usual;  // where no policy says anything

  base::Duration deadline_max = std::chrono::hours(1);
  // What a hop keeps for its own work: the smaller of the two.
  base::Duration hop_reserve_max = std::chrono::milliseconds(10);
  std::uint32_t hop_reserve_percent = 5;

  std::size_t exchanges_max = 10'000;        // unsettled at once
  std::size_t exchanges_per_peer_max = 512;  // of these, from one other node
  std::size_t path_hops_max = 32;
  std::uint64_t held_answer_max =
      64 * 1024;  // bytes held back so that another node may still answer

  base::Duration duplicate_window = std::chrono::minutes(5);
  std::size_t duplicates_max = 10'000;  // executions remembered
  std::size_t kept_answers_max = 1'000;
  std::size_t waiting_duplicates_max = 64;  // of one execution

  // How often a call looks whether it is late, as long as nobody knows what is late.
  base::Duration hedge_look_again = std::chrono::milliseconds(100);

  // After a failed attempt that node is avoided for a time that doubles with each further failure.
  base::Duration penalty_min = std::chrono::seconds(1);
  base::Duration penalty_max = std::chrono::seconds(30);
  std::uint32_t probe_successes = 1;  // in a row, to be healthy
  std::uint32_t probe_failures = 2;   // in a row, to be unhealthy; also of calls that found nobody

  bool operator==(const Options&) const = default;
};

}  // namespace mesh
