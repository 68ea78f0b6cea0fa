// All keys of the configuration, by block: the one table that the reader, the JSON Schema's test
// and the hints for misspelled keys share.
#pragma once

#include <map>
#include <string_view>
#include <vector>

namespace node {

// "" is the whole file; "policies", "faults" and "capabilities" are one entry of those lists.
using ConfigKeys = std::map<std::string_view, std::vector<std::string_view>>;
[[nodiscard]] const ConfigKeys& config_keys();

}  // namespace node
