// Chooses one of the candidates by the policy of the call. A wish of the caller itself
// (Parley-Prefer) comes before every policy, as long as the node that it names is among the best.
#pragma once

#include "base/rng.h"
#include "base/time.h"
#include "mesh/policy.h"
#include "mesh/routing/candidates.h"
#include "mesh/routing/round_robin.h"

#include <optional>
#include <string_view>
#include <vector>

namespace mesh::routing {

struct Wishes {
  std::string_view capability;
  std::string_view prefer;                        // Parley-Prefer, "" = none
  RoutePolicy route = RoutePolicy::least_loaded;  // the policy's, or Parley-Policy
  const CallPolicy& policy;
  std::optional<double> complexity;  // 0..1; nothing: nobody says
  // This proficiency was not good enough for the call: more of it, if there is any.
  std::optional<Proficiency> above = std::nullopt;
};

class Chooser {
 public:
  explicit Chooser(base::Rng rng) : rng_(rng) {}

  // `candidates.best` must not be empty.
  [[nodiscard]] Candidate choose(const Candidates& candidates, const Wishes& wishes,
                                 const OwnAgent& own, base::Instant now);
  // What choose() would most likely say, without a draw or a turn.
  [[nodiscard]] Candidate foresee(const Candidates& candidates, const Wishes& wishes,
                                  const OwnAgent& own, base::Instant now) const;

 private:
  [[nodiscard]] Candidate pick(const std::vector<Candidate>& from, const Wishes& wishes,
                               const OwnAgent& own, base::Instant now);

  RoundRobin round_robin_;
  base::Rng rng_;
};

}  // namespace mesh::routing
