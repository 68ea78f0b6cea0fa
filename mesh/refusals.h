// The words of the problems that calls end with: which of the possible reasons it was, and what the
// reader can do about it.
#pragma once

#include "base/ids.h"
#include "mesh/call.h"
#include "mesh/catalogue.h"
#include "mesh/exchange.h"
#include "mesh/routing/candidates.h"

#include <string>
#include <string_view>
#include <vector>

namespace mesh {

inline constexpr base::Duration retry_after_overload = std::chrono::seconds(1);

struct Names {
  const Catalogue& catalogue;
  const base::NodeId& self;
  const std::string& self_name;

  [[nodiscard]] std::string of(const base::NodeId& node) const;
  [[nodiscard]] std::string of(Hop hop) const;
  [[nodiscard]] std::vector<std::string> of(const Path& path) const;
};

[[nodiscard]] Problem overloaded(std::string detail);
// Nobody was there to be asked.
[[nodiscard]] Problem nobody(const Exchange& exchange, const routing::Candidates& candidates,
                             const Names& names, base::Instant now);
// All attempts failed, the last one for this reason.
[[nodiscard]] Problem all_failed(const Exchange& exchange, ProblemCode code);
[[nodiscard]] Problem too_late(const Exchange& exchange, base::Instant now);
[[nodiscard]] Problem cycle(const Exchange& exchange, const Names& names);
[[nodiscard]] Problem own_agent_refuses(routing::Exclusion exclusion, const std::string& name);

}  // namespace mesh
