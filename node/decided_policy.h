// Policies that the mesh decided: text like the `policies:` block of a configuration file.
#pragma once

#include "base/result.h"
#include "mesh/policy_table.h"

#include <string>
#include <vector>

namespace node {

// One block or a list of them. Where a block has no `match`, `scope` is its pattern of capabilities
// ("" is all). The error is one line for people, and names the policy.
[[nodiscard]] base::Result<std::vector<mesh::Policy>, std::string> read_decided_policy(
    const std::string& name, const std::string& scope, const std::string& yaml);

}  // namespace node
