// What text from outside has to be like before it is shown to anybody: UTF-8 (RFC 3629) and, for
// labels, without control characters. Readers of JSON and of metrics refuse a whole page for one
// byte that is not.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace base {

[[nodiscard]] bool is_utf8(std::string_view text);
[[nodiscard]] constexpr bool is_control(char c) {
  return (c >= 0 && c < ' ') || c == 0x7f;
}
// UTF-8 without control characters.
[[nodiscard]] bool is_label(std::string_view text);

// The text with U+FFFD for each byte that belongs to no character.
[[nodiscard]] std::string as_utf8(std::string_view text);
// A label of at most so many bytes: '_' for what has no place in one, whole characters only.
[[nodiscard]] std::string as_label(std::string_view text, std::size_t bytes_max);

}  // namespace base
