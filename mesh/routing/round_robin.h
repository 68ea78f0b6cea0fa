// round_robin: for each capability, the next candidate after the last one chosen, by node id. A
// node that comes or goes thus shifts nobody else's turn.
#pragma once

#include "base/ids.h"
#include "mesh/routing/candidates.h"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mesh::routing {

class RoundRobin {
 public:
  static constexpr std::size_t capabilities_max = 1'024;

  // `best` must not be empty.
  [[nodiscard]] const Candidate& next(std::string_view capability,
                                      const std::vector<Candidate>& best);
  // As next(), without taking the turn.
  [[nodiscard]] const Candidate& peek(std::string_view capability,
                                      const std::vector<Candidate>& best) const;

 private:
  std::map<std::string, base::NodeId, std::less<>> last_;  // at most capabilities_max
};

}  // namespace mesh::routing
