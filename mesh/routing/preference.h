// Which node a wish means, and the policy `preference`: the agent beside this node, then those
// named in their order, then whoever is left.
#pragma once

#include "mesh/routing/candidates.h"

#include <string>
#include <string_view>
#include <vector>

namespace mesh::routing {

// By its id, the beginning of it (8 digits or more), or its name.
[[nodiscard]] bool is_named(const Catalogue::Entry& entry, std::string_view wish);
// The first candidate so named; null if none is.
[[nodiscard]] const Candidate* named(const std::vector<Candidate>& best, std::string_view wish);
// Null if neither the own agent nor anybody named is among them.
[[nodiscard]] const Candidate* preferred(const std::vector<Candidate>& best,
                                         const std::vector<std::string>& wishes);

}  // namespace mesh::routing
