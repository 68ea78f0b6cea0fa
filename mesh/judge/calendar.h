// Points in time as headers write them, without a clock: milliseconds since 1970 in, out.
#pragma once

#include "base/time.h"

#include <optional>
#include <string_view>

namespace mesh::judge {

// An HTTP-date (RFC 9110, 5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT" and its two obsolete forms. A
// year of two digits is taken for 1970 to 2069.
[[nodiscard]] std::optional<base::WallTime> parse_http_date(std::string_view text);

// A timestamp of RFC 3339: "2024-05-01T12:00:00Z", with a fraction or an offset.
[[nodiscard]] std::optional<base::WallTime> parse_timestamp(std::string_view text);

}  // namespace mesh::judge
