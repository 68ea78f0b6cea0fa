// Policies as the `policies:` block of a configuration file: what node/config_policies.h reads, the
// other way round. JSON, which YAML contains.
#pragma once

#include "mesh/policy_table.h"

#include <string>
#include <vector>

namespace cli::stage {

// A list. Times are in whole milliseconds.
[[nodiscard]] std::string policies_text(const std::vector<mesh::Policy>& policies);

}  // namespace cli::stage
