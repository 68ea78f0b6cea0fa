// Bytes that are owned and bytes that are looked at, and their hexadecimal form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace base {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;

[[nodiscard]] ByteView as_bytes(std::string_view text);
[[nodiscard]] std::string_view as_text(ByteView bytes);
[[nodiscard]] Bytes to_bytes(std::string_view text);

// Lower case, two digits a byte.
[[nodiscard]] std::string to_hex(ByteView bytes);
// Fills `out`; false unless `hex` has exactly two digits (either case) for each of its bytes.
[[nodiscard]] bool from_hex(std::string_view hex, std::span<std::byte> out);

}  // namespace base
