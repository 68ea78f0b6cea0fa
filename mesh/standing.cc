#include "mesh/standing.h"

#include <algorithm>

namespace mesh {

score::Estimate Standing::success() const {
  return score::blend(score.success(), opinion.success);
}

score::Estimate Standing::quality() const {
  const score::Estimate own = score.quality();
  if (!opinion.quality) return own;  // the usual case, asked for each candidate of each call
  if (score.seen_quality().samples > 0) return score::blend(own, opinion.quality);
  const double claim = own.samples > 0 ? own.value : 1;
  return {.value = std::min(claim, *opinion.quality), .samples = score::others_weight};
}

}  // namespace mesh
