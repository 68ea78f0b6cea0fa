// How hard a request is, and other shares of 0 to 1 that headers carry.
#pragma once

#include "mesh/policy.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace mesh::judge {

// "0", "0.25", ".5", "1.0": the value of Parley-Complexity or Parley-Quality. Nothing for anything
// else, also for what is above 1.
[[nodiscard]] std::optional<double> parse_share(std::string_view text);

// Of a body, no more than this is searched for keywords.
inline constexpr std::size_t searched_bytes_max = 4 * 1024;

// 0 to 1, where the caller does not say it himself. Keywords count once each, as whole words in any
// case; of a body of unknown size, its beginning counts as all of it.
[[nodiscard]] double estimate_complexity(const ComplexityEstimator& estimator,
                                         std::string_view target,
                                         std::optional<std::uint64_t> body_size,
                                         std::string_view body_start);

}  // namespace mesh::judge
