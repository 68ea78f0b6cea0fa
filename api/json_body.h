// Whether a body from outside may be parsed as JSON. Parsing itself needs no stack, but what is
// done with a value afterwards recurses, so nesting is bounded before.
#pragma once

#include <cstddef>
#include <string_view>

namespace api {

inline constexpr std::size_t json_depth_max = 32;

// True unless arrays and objects nest deeper than that; says nothing on whether it is JSON.
[[nodiscard]] bool is_shallow(std::string_view json);

}  // namespace api
