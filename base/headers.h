// The fields of a head of HTTP, in the order in which they stand there: what a transport carries
// and what calls are decided by. One type for both, so that nothing is copied only to change its
// name.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace base {

struct Header {
  std::string name;  // lower case
  std::string value;
  bool operator==(const Header&) const = default;
};
using Headers = std::vector<Header>;

// The value of the first field of that (lower-case) name, or nothing.
[[nodiscard]] std::optional<std::string_view> find_header(const Headers& headers,
                                                          std::string_view name);

}  // namespace base
