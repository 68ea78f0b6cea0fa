// JSON from strangers: parsed only if it is small and not nested deeply, and without exceptions.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <string_view>

namespace mesh::judge {

inline constexpr std::size_t body_bytes_max = 64 * 1024;
inline constexpr std::size_t json_depth_max = 64;

// Whether brackets nest deeper than that; texts are skipped.
[[nodiscard]] bool is_nested_too_deeply(std::string_view json);

// A discarded value if it is no JSON, too long or nested too deeply.
[[nodiscard]] nlohmann::json parse_bounded(std::string_view json);

}  // namespace mesh::judge
