// Words of a stranger in one of ours: in logs, traces and headers.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mesh::judge {

inline constexpr std::size_t phrase_max = 80;

// At most phrase_max characters of it, all printable ASCII; others become '?'.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace mesh::judge
