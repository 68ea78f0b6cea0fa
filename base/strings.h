// Small questions about text that several parsers ask. All ASCII, none depends on a locale.
#pragma once

#include "base/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace base {

[[nodiscard]] std::string_view trim(std::string_view text);  // spaces and tabs
[[nodiscard]] std::string to_lower(std::string_view text);
[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b);
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

// Digits only, no sign; nothing when empty, foreign or too large.
[[nodiscard]] std::optional<std::uint64_t> parse_unsigned(std::string_view text);

// "250us", "500ms", "30s", "10m", "2h"; a fraction is allowed ("1.5s"); never negative.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);
// The shortest exact form in the same notation, milliseconds at the finest: "1500ms", "30s".
[[nodiscard]] std::string format_duration(Duration duration);

// The candidate with the smallest edit distance to `word`, if that may be a typing error.
[[nodiscard]] std::optional<std::string_view> nearest_word(
    std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace base
