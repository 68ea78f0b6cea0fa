// How hard a request is, and other shares of 0 to 1 that headers carry.
#pragma once

#include <optional>
#include <string_view>

namespace mesh::judge {

// "0", "0.25", ".5", "1.0": the value of Parley-Complexity or Parley-Quality. Nothing for anything
// else, also for what is above 1.
[[nodiscard]] std::optional<double> parse_share(std::string_view text);

}  // namespace mesh::judge
