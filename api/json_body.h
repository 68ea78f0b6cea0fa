// JSON from outside. Parsing it needs no stack, but what is done with a value afterwards recurses,
// so nesting is bounded before.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <string_view>

namespace api {

inline constexpr std::size_t json_depth_max = 32;

// True unless arrays and objects nest deeper than that; says nothing on whether it is JSON.
[[nodiscard]] bool is_shallow(std::string_view json);

// What others wrote, to be shown: as a text, unless it is JSON of that depth.
[[nodiscard]] nlohmann::ordered_json json_or_text(std::string_view written);

}  // namespace api
