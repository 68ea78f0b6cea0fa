#include "node/kernel/knocks.h"

#include <algorithm>

namespace kernel {

// The rate of all comes last: what one is refused costs the others nothing.
bool Knocks::take(const base::NodeId& id, const base::Endpoint& from, base::Instant now) {
  Place place{};
  std::copy_n(from.ip.begin(), from.is_v4() ? 15 : 6, place.begin());
  return identities_.use(id).rate.take(now) && places_.use(place).rate.take(now) && all_.take(now);
}

}  // namespace kernel
