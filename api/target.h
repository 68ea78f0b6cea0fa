// Parts of a request's target, decoded.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace api {

// Percent-decoding; what is not a valid escape stays as it is.
[[nodiscard]] std::string decoded(std::string_view text, bool plus_is_space);
// Percent-encodes all but what RFC 3986 calls unreserved: it may stand anywhere in a target.
[[nodiscard]] std::string encoded(std::string_view text);

// The value of a query parameter: nothing if it is absent, "" if it stands without a value.
[[nodiscard]] std::optional<std::string> query_value(std::string_view query, std::string_view name);

}  // namespace api
